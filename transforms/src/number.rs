//! Sums that stay whole as long as what is added is whole.

use serde_json::{Number, Value};

use crate::Unfit;

/// A running sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sum {
    /// Of whole numbers only.
    Whole(i128),
    /// Of any.
    Real(f64),
}

impl Default for Sum {
    fn default() -> Self {
        Self::Whole(0)
    }
}

impl Sum {
    /// Adds a number of a field; a missing one and null add nothing.
    ///
    /// # Errors
    /// If it is there and no number.
    pub fn add(&mut self, value: Option<&Value>, field: &str) -> Result<(), Unfit> {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(()) };
        let number = value.as_number().ok_or_else(|| no_number(field, value))?;
        *self = match (*self, number.as_i64()) {
            (Self::Whole(sum), Some(whole)) => Self::Whole(sum + i128::from(whole)),
            (sum, _) => Self::Real(sum.to_f64() + number.as_f64().unwrap_or_default()),
        };
        Ok(())
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Whole(sum) => sum as f64,
            Self::Real(sum) => sum,
        }
    }

    /// The sum as JSON.
    pub fn to_json(self) -> Value {
        match self {
            Self::Whole(sum) => i64::try_from(sum).map_or_else(|_| real(sum as f64), Value::from),
            Self::Real(sum) => real(sum),
        }
    }
}

/// A number as JSON; null if JSON has none such.
pub fn real(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// The number of a field; none if it is missing or null.
///
/// # Errors
/// If it is there and no number.
pub fn of(value: Option<&Value>, field: &str) -> Result<Option<f64>, Unfit> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    value.as_f64().map(Some).ok_or_else(|| no_number(field, value))
}

fn no_number(field: &str, value: &Value) -> Unfit {
    Unfit::new(format!("{field} has to be a number, and is {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sums_stay_whole_as_long_as_they_can() {
        let sum = |values: &[Value]| {
            let mut sum = Sum::default();
            values.iter().try_for_each(|value| sum.add(Some(value), "n")).map(|()| sum.to_json())
        };
        assert_eq!(sum(&[json!(30), json!(null), json!(12)]), Ok(json!(42)));
        assert_eq!(sum(&[json!(1), json!(0.5), json!(1)]), Ok(json!(2.5)));
        assert_eq!(sum(&[json!(i64::MAX), json!(i64::MAX)]), Ok(json!(1.8446744073709552e19)));
        assert!(sum(&[json!("7")]).is_err());
    }
}
