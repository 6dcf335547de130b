//! Conditions on records, as in `filter=fee >= 10 and (channel = 'online' or not has officer)`.
//!
//! A condition is true or false of every record, never unknown: a comparison with a key that the record does not have,
//! or whose value is of another kind than the one compared with, is false, and `not` turns it into true. `read` makes
//! an [`Expression`] from text, `print` makes canonical text from it, `matches` says what it means; storage engines
//! have their own, faster way and must agree with it.
//!
//! | Written | True when |
//! |---|---|
//! | `fee = 10`, `!=`, `<`, `<=`, `>`, `>=` | the value compares so; numbers by value, text by code point |
//! | `fee in 10..20` | the value is in the range, both ends included |
//! | `channel in ('online', 'phone')` | the value is in the list |
//! | `name contains 'x'`, `name starts with 'x'`, `name ends with 'x'` | the value is such a text |
//! | `has officer` | the record has the key, if only with a null |
//! | `not`, `and`, `or`, `( )` | as usual, in this order of precedence |
//!
//! Values are numbers, `'text'` or `"text"` (the quote inside doubled, the quotes left out around one word), `true`, `false`, `null`, days (`2014-01-06`) and
//! moments (`2014-01-06T10:00:00Z`). `not` may stand before `in`, `contains`, `starts` and `ends` too. A key that is
//! one of these words stands between backticks.

mod matches;
mod print;
mod read;

use std::collections::BTreeSet;

pub(crate) use read::{Fault, read};

use crate::Value;

/// A condition on a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// The value of the key compares so with the value.
    Compare {
        /// The key.
        key: String,
        /// How the values shall compare, the record's on the left.
        comparison: Comparison,
        /// What to compare with. Nulls and booleans are only equal or not.
        value: Value,
    },
    /// The value of the key lies between two values of one kind, both included.
    Range {
        /// The key.
        key: String,
        /// The smallest value inside.
        low: Value,
        /// The largest value inside.
        high: Value,
    },
    /// The value of the key equals one of these.
    OneOf {
        /// The key.
        key: String,
        /// The values, at least one.
        values: Vec<Value>,
    },
    /// The value of the key is a text with another text in it.
    Text {
        /// The key.
        key: String,
        /// Where in it.
        place: Place,
        /// The text to be found, exactly so.
        text: String,
    },
    /// The record has the key.
    Has(String),
    /// The condition does not hold.
    Not(Box<Expression>),
    /// All of these hold.
    All(Vec<Expression>),
    /// At least one of these holds.
    Any(Vec<Expression>),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`, the opposite of `=` and so true of a record without the key.
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Where a text is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Anywhere.
    Anywhere,
    /// At the start.
    Start,
    /// At the end.
    End,
}

impl Comparison {
    /// All comparisons; those that begin like another come before it.
    pub const ALL: [Self; 6] =
        [Self::NotEqual, Self::LessOrEqual, Self::GreaterOrEqual, Self::Equal, Self::Less, Self::Greater];

    /// As in an expression.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Expression {
    /// All of these; one condition is itself, conditions that are such lists are merged into one.
    pub fn all(parts: Vec<Self>) -> Self {
        let merge = |part| if let Self::All(inner) = part { inner } else { vec![part] };
        single(parts.into_iter().flat_map(merge).collect()).unwrap_or_else(Self::All)
    }

    /// One of these at least; merged like [`Expression::all`].
    pub fn any(parts: Vec<Self>) -> Self {
        let merge = |part| if let Self::Any(inner) = part { inner } else { vec![part] };
        single(parts.into_iter().flat_map(merge).collect()).unwrap_or_else(Self::Any)
    }

    /// The opposite, as simply as possible.
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            Self::Compare { key, comparison: Comparison::Equal, value } => {
                Self::Compare { key, comparison: Comparison::NotEqual, value }
            }
            Self::Compare { key, comparison: Comparison::NotEqual, value } => {
                Self::Compare { key, comparison: Comparison::Equal, value }
            }
            other => Self::Not(Box::new(other)),
        }
    }

    /// How many conditions it has, `and`, `or` and `not` aside.
    pub fn size(&self) -> usize {
        match self {
            Self::Not(inner) => inner.size(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum(),
            _ => 1,
        }
    }

    /// The keys that it looks at.
    pub fn keys(&self) -> BTreeSet<&str> {
        match self {
            Self::Compare { key, .. } | Self::Range { key, .. } | Self::OneOf { key, .. } => {
                [key.as_str()].into()
            }
            Self::Text { key, .. } | Self::Has(key) => [key.as_str()].into(),
            Self::Not(inner) => inner.keys(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::keys).collect(),
        }
    }
}

fn single(mut parts: Vec<Expression>) -> Result<Expression, Vec<Expression>> {
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(only),
        last => {
            parts.extend(last);
            Err(parts)
        }
    }
}
