//! A page in a file: the definition, the data, the clock and the address, from which the page is made as on the live site.
//!
//! Such a file is JSON: `now`, `path` (with the query string), `definition` (a dashboard) or `list` (with `items`, what lists
//! show of published dashboards), `registry_status` if definitions cannot be had, and `data`: by `group/type` and canonical
//! query (sorted `name=value` pairs joined with `&`) an answer `{"data": [...]}`, or `{"$status": 500}` for a failure.
//! `language` is that of the site, English unless it says otherwise.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::data::{DataError, DataSource, Definitions, NoDefinition, Row};
use crate::definition::query::{Query, decoded, decoded_pairs};
use crate::format::date;
use crate::lint::{self, Problem, Rules};
use crate::page::PageOptions;
use crate::present::Presenter;
use crate::site::{Request, Site};
use crate::view::json;
use crate::view::page::Answer;
use crate::words::Language;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// A member is not there or not what it should be.
    #[error("`{0}` is missing or not {1}")]
    Member(&'static str, &'static str),
}

/// A page in a file.
#[derive(Debug)]
pub struct Case {
    request: Request,
    root: String,
    stored: Value,
    asked: Mutex<Vec<Query>>,
}

/// A page made from a file.
#[derive(Debug)]
pub struct Rendered {
    /// Its facts.
    pub answer: Answer,
    /// Its HTML.
    pub html: String,
    /// The queries that were asked for it, with the module that asked if one did.
    pub requests: Vec<Value>,
}

impl Case {
    /// Reads a file; `root` is where the site begins in its paths.
    ///
    /// # Errors
    /// When it has no `path` or no `now`.
    pub fn new(stored: Value, root: &str) -> Result<Case, CaseError> {
        let path = stored["path"].as_str().ok_or(CaseError::Member("path", "a text"))?;
        let now = date::parse(&stored["now"]).ok_or(CaseError::Member("now", "a time"))?;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            path: decoded(path.strip_prefix(root).unwrap_or(path)),
            parameters: decoded_pairs(query),
            now,
        };
        Ok(Case { request, root: root.to_owned(), stored, asked: Mutex::default() })
    }

    /// Makes the page.
    pub async fn render(&self) -> Rendered {
        let mut options = PageOptions { root: self.root.clone(), ..PageOptions::default() };
        if let Some(tag) = self.stored["language"].as_str() {
            tag.clone_into(&mut options.lang);
        }
        let language = Language::of(&options.lang);
        let site = Site { definitions: self, data: self, root: &self.root, language };
        let answer = site.answer(&self.request).await;
        let presenter = Presenter { options: &options, read_api: "", request: &self.request };
        let html = presenter.html(&answer);
        let requests = self.requests(&answer);
        Rendered { answer, html, requests }
    }

    /// What is wrong with its definition.
    pub async fn problems(&self, rules: Rules) -> Vec<Problem> {
        lint::problems(&self.stored["definition"], rules, self, self.request.now).await
    }

    /// The queries of the modules, and after them those of the page itself.
    fn requests(&self, answer: &Answer) -> Vec<Value> {
        let mut requests = json::requests(answer);
        let of_modules: Vec<(Value, Value)> =
            requests.iter().map(|request| (request["path"].clone(), request["query"].clone())).collect();
        for query in self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let (path, query) = (Value::from(query.path()), Value::from(query.canonical()));
            if !of_modules.contains(&(path.clone(), query.clone())) {
                requests.push(json!({"path": path, "query": query}));
            }
        }
        requests
    }
}

impl Rendered {
    /// One object with the queries and the page as machines read it.
    pub fn to_json(&self) -> Value {
        json!({"requests": self.requests, "page": json::answer(&self.answer)})
    }
}

#[async_trait]
impl Definitions for Case {
    async fn dashboard(&self, slug: &str) -> Result<Arc<Value>, NoDefinition> {
        let stored = self.stored.get("definition").filter(|definition| definition["slug"] == slug);
        match (self.stored["registry_status"].as_u64(), stored) {
            (Some(status), _) => Err(NoDefinition(u16::try_from(status).unwrap_or(500))),
            (None, Some(definition)) => Ok(Arc::new(definition.clone())),
            (None, None) => Err(NoDefinition(404)),
        }
    }

    async fn published(&self) -> Result<Vec<Value>, NoDefinition> {
        match self.stored["registry_status"].as_u64() {
            Some(status) => Err(NoDefinition(u16::try_from(status).unwrap_or(500))),
            None => Ok(self.stored["list"]["items"].as_array().cloned().unwrap_or_default()),
        }
    }
}

#[async_trait]
impl DataSource for Case {
    async fn rows(&self, query: &Query) -> Result<Vec<Row>, DataError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(query.clone());
        let data_set = format!("{}/{}", query.group, query.data_type);
        let answer = &self.stored["data"][&data_set][query.canonical()];
        if let Some(status) = answer["$status"].as_u64().filter(|status| *status != 200) {
            return Err(DataError(format!("the answer has the status {status}")));
        }
        let rows = answer["data"].as_array().ok_or_else(|| DataError("the answer has no data".to_owned()))?;
        Ok(rows.iter().filter_map(Value::as_object).cloned().collect())
    }
}
