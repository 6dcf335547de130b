//! The form to report a problem with a page.

use super::PageOptions;
use super::model::{Head, Link};
use super::shell::address;
use crate::words::say;
use maud::{Markup, html};

/// The form, closed, if the installation takes reports.
pub fn form(head: &Head, service: Option<&Link>, options: &PageOptions) -> Markup {
    let Some(action) = &options.problem_reports else { return html! {} };
    html! {
        details.problem {
            summary { (say("problem")) }
            @if let Some(service) = service {
                p { (say("problem-service")) " " a href=(address(&service.href)) { (service.title) } "." }
            }
            form method="post" action=(address(action)) data-sending=(say("problem-sending")) data-sent=(say("problem-sent")) data-details=(say("problem-details")) data-failed=(say("problem-failed")) {
                input type="hidden" name="utf8" value="✓";
                input type="hidden" name="url" value={ (options.site.as_deref().unwrap_or("")) (head.path) };
                p {
                    label for="problem-doing" { (say("problem-doing")) }
                    input #problem-doing type="text" name="what_doing" maxlength="400";
                }
                p {
                    label for="problem-wrong" { (say("problem-wrong")) }
                    input #problem-wrong type="text" name="what_wrong" maxlength="400";
                }
                p.hint { (say("problem-private")) }
                button type="submit" { (say("problem-send")) }
            }
        }
    }
}
