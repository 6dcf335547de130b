//! From the body of a write to columns: parsed, validated, completed, with the messages that clients know.
//!
//! Rules, as the older system had them ([`rules`]): keys are letters, digits and underscores, begin with a letter or
//! underscore, and have two characters at least; keys that begin with an underscore are `_id`, `_timestamp`, `_start_at`
//! and `_end_at` only; values are scalars, integers within 64 bits; `_id` is text without white space.
//!
//! Two readers know them. [`straight`] puts values into columns while it parses, and gives up at the first thing that is
//! wrong or merely unusual. [`careful`] then begins anew and takes one record after another as a whole: it says what is
//! wrong, or takes what is unusual, such as a key that is there twice. Neither keeps more than one record beside the columns.

mod careful;
mod rules;
mod straight;

use chrono::{DateTime, Utc};
use query_lang::Value;

use crate::batch::{Batch, MAX_KEYS};
use crate::record::Record;
use crate::schema::UPDATED_AT;

/// How records are completed.
#[derive(Debug, Clone, Copy)]
pub struct DecodeOptions<'a> {
    /// The keys whose values make up the `_id` of a record that comes without one.
    pub auto_ids: &'a [String],
    /// The present: becomes `_updated_at`.
    pub now: DateTime<Utc>,
}

/// Why a body is not taken. Nothing of it is.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The body is not JSON.
    #[error("{0}")]
    Syntax(String),
    /// Records break the rules.
    #[error("{}", .0.clone().into_messages().join("; "))]
    Invalid(Complaints),
    /// Every record may be right, but together they are more than is taken at once.
    #[error("{0}")]
    TooMuch(String),
}

/// What is wrong with records: one message for each fault. Of a great many the first are kept, and the others counted.
#[derive(Debug, Clone, Default)]
pub struct Complaints {
    messages: Vec<String>,
    more: usize,
}

impl Complaints {
    /// How many messages are kept.
    const MOST: usize = 1_000;

    /// Adds one.
    pub fn push(&mut self, message: String) {
        if self.messages.len() < Self::MOST {
            self.messages.push(message);
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The messages, the last of which says how many there are beside them, if there are.
    pub fn into_messages(mut self) -> Vec<String> {
        if self.more > 0 {
            self.messages.push(format!("and {} more", self.more));
        }
        self.messages
    }
}

impl Extend<String> for Complaints {
    fn extend<T: IntoIterator<Item = String>>(&mut self, messages: T) {
        messages.into_iter().for_each(|message| self.push(message));
    }
}

/// The most values that columns have room for: records of one body times different keys. A body of the greatest size has no
/// more than this unless its records have little in common, and then their columns would take many times its size.
const MAX_ROOM: usize = 10_000_000;

/// Why records do not fit into columns together, if they do not.
fn too_much(records: usize, keys: usize) -> Option<DecodeError> {
    if keys > MAX_KEYS {
        let message = format!("the records have more than {MAX_KEYS} different keys");
        return Some(DecodeError::Invalid(Complaints { messages: vec![message], more: 0 }));
    }
    (records.saturating_mul(keys + 1) > MAX_ROOM).then(|| {
        let message = format!(
            "{records} records with {keys} different keys are too many at once: send them in several requests"
        );
        DecodeError::TooMuch(message)
    })
}

/// Decodes one record or a list of records.
///
/// # Errors
/// [`DecodeError`], with everything that is wrong.
pub fn decode(body: &[u8], options: &DecodeOptions<'_>) -> Result<Batch, DecodeError> {
    straight::read(body, options).map_or_else(|| careful::read(body, options), Ok)
}

/// Decodes the changes of a PATCH: one object whose keys and values follow the rules of records.
///
/// # Errors
/// [`DecodeError`], with everything that is wrong.
pub fn decode_changes(body: &[u8], now: DateTime<Utc>) -> Result<Record, DecodeError> {
    let mut changes = careful::read_changes(body)?;
    changes.insert(UPDATED_AT.to_owned(), Value::Time(now));
    Ok(changes)
}

#[cfg(test)]
mod tests;
