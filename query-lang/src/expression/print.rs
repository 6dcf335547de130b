//! Canonical text of an expression: reads back as the same expression.

use std::fmt::{self, Display, Formatter};

use super::read::is_reserved;
use super::{Expression, Place};
use crate::Value;
use crate::print::print_moment;

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { key, comparison, value } => {
                write!(f, "{} {} {}", Key(key), comparison.symbol(), Literal(value))
            }
            Self::Range { key, low, high } => {
                write!(f, "{} in {}..{}", Key(key), Literal(low), Literal(high))
            }
            Self::OneOf { key, values } => {
                write!(f, "{} in (", Key(key))?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, Literal(value))?;
                }
                f.write_str(")")
            }
            Self::Text { key, place, text } => {
                let verb = match place {
                    Place::Anywhere => "contains",
                    Place::Start => "starts with",
                    Place::End => "ends with",
                };
                write!(f, "{} {verb} {}", Key(key), Quoted(text))
            }
            Self::Has(key) => write!(f, "has {}", Key(key)),
            Self::Not(inner) => write!(f, "not {}", Tight(inner)),
            Self::All(parts) => join(f, " and ", parts.iter().map(Tight)),
            // `and` binds more tightly, so that lists of it need no parentheses here.
            Self::Any(parts) => join(f, " or ", parts.iter()),
        }
    }
}

fn join<T: Display>(f: &mut Formatter<'_>, between: &str, parts: impl Iterator<Item = T>) -> fmt::Result {
    for (index, part) in parts.enumerate() {
        write!(f, "{}{part}", if index == 0 { "" } else { between })?;
    }
    Ok(())
}

/// An expression that stays together next to `and` and `not`.
struct Tight<'a>(&'a Expression);

impl Display for Tight<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            list @ (Expression::All(_) | Expression::Any(_)) => write!(f, "({list})"),
            other => other.fmt(f),
        }
    }
}

struct Key<'a>(&'a str);

impl Display for Key<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let key = self.0;
        if is_reserved(key) { write!(f, "`{key}`") } else { f.write_str(key) }
    }
}

struct Literal<'a>(&'a Value);

impl Display for Literal<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(i) => write!(f, "{i}"),
            // With a point or an exponent, or it would read back as an integer.
            Value::Float(x) => write!(f, "{x:?}"),
            Value::Text(text) => Quoted(text).fmt(f),
            Value::Time(time) => f.write_str(&print_moment(*time)),
        }
    }
}

struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}
