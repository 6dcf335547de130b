//! Pages of lists, for those who ask for them: `?page=2&per-page=50`. Without, a list is whole, as existing clients expect.

use std::ops::Range;

use axum::http::{HeaderName, Uri, header};
use axum::response::Response;

use super::answer::{Refusal, set};
use super::resource::Request;

/// How many there are on a page unless the request says.
const USUAL: usize = 100;
/// The most that there may be.
const MOST: usize = 1_000;

/// A page that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Which one, the first being 1.
    number: usize,
    size: usize,
}

impl Page {
    /// The page that a request asks for, if it asks for one.
    ///
    /// # Errors
    /// If it asks for nonsense.
    pub fn of(request: &Request) -> Result<Option<Page>, Refusal> {
        let number = |name: &str, most: usize| match request.parameter(name) {
            None => Ok(None),
            Some(text) => match text.parse().ok().filter(|number| (1..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => {
                    Err(Refusal::bad_request(format!("{name} is a number from 1 to {most}, not '{text}'")))
                }
            },
        };
        let (page, size) = (number("page", 1_000_000)?, number("per-page", MOST)?);
        if page.is_none() && size.is_none() {
            return Ok(None);
        }
        Ok(Some(Page { number: page.unwrap_or(1), size: size.unwrap_or(USUAL) }))
    }

    /// The places in a list of what is on the page.
    pub fn places(self) -> Range<usize> {
        let start = self.size.saturating_mul(self.number - 1);
        start..start.saturating_add(self.size)
    }

    /// Says of a page how many there are in all, and where the pages around it are (RFC 8288).
    pub fn describe(self, response: &mut Response, total: usize, asked: &Uri) {
        set(response, HeaderName::from_static("x-total-count"), &total.to_string());
        let last = total.div_ceil(self.size).max(1);
        let others: Vec<&str> = asked
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
            .collect();
        let link = |number: usize, relation: &str| {
            let mut pairs = others.clone();
            let page = format!("page={number}");
            pairs.push(&page);
            format!("<{}?{}>; rel=\"{relation}\"", asked.path(), pairs.join("&"))
        };
        let mut links = vec![link(1, "first"), link(last, "last")];
        if self.number > 1 {
            links.push(link((self.number - 1).min(last), "prev"));
        }
        if self.number < last {
            links.push(link(self.number + 1, "next"));
        }
        set(response, header::LINK, &links.join(", "));
    }
}
