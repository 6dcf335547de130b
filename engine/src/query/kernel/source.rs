//! The columns of one key in one batch: a typed one, and beside it perhaps one for values off its type.

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::{DataType, Int32Type};
use query_lang::Value;

use crate::columns::{off_type_value, value_at};
use crate::schema::off_type_name;

/// A column of text, however it is laid out.
#[derive(Debug, Clone, Copy)]
pub enum Texts<'a> {
    /// Every row has its own text.
    Views(&'a StringViewArray),
    /// Rows have places in a list of texts.
    Dictionary(&'a Int32Array, &'a StringArray),
}

impl<'a> Texts<'a> {
    /// The column as text; `None` where it holds something else.
    pub fn of(array: &'a ArrayRef) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8View => array.as_string_view_opt().map(Self::Views),
            DataType::Dictionary(..) => {
                let dictionary = array.as_dictionary_opt::<Int32Type>()?;
                Some(Self::Dictionary(dictionary.keys(), dictionary.values().as_string_opt()?))
            }
            _ => None,
        }
    }

    /// The text of a row, `None` for null.
    pub fn get(self, row: usize) -> Option<&'a str> {
        match self {
            Self::Views(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Dictionary(places, texts) => {
                places.is_valid(row).then(|| texts.value(places.value(row) as usize))
            }
        }
    }

    /// How many rows have no text.
    pub fn null_count(self) -> usize {
        match self {
            Self::Views(texts) => texts.null_count(),
            Self::Dictionary(places, _) => places.null_count(),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Views(texts) => texts.len(),
            Self::Dictionary(places, _) => places.len(),
        }
    }
}

/// What a batch holds under a key.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The column of values of the key's type.
    pub typed: Option<&'a ArrayRef>,
    /// The JSON texts of other values; `None` where no row has any.
    pub off_type: Option<Texts<'a>>,
}

impl<'a> Source<'a> {
    /// The columns of a key.
    pub fn of(batch: &'a RecordBatch, key: &str) -> Self {
        let off_type = batch.column_by_name(&off_type_name(key)).and_then(Texts::of);
        Self {
            typed: batch.column_by_name(key),
            off_type: off_type.filter(|texts| texts.null_count() < texts.len()),
        }
    }

    /// The value of a row; `None` where it does not have the key.
    pub fn value(&self, row: usize) -> Option<Value> {
        if let Some(text) = self.off_type.and_then(|texts| texts.get(row)) {
            return Some(off_type_value(text));
        }
        let typed = self.typed.filter(|array| array.is_valid(row))?;
        match Texts::of(typed) {
            Some(texts) => texts.get(row).map(Value::from),
            None => Some(value_at(typed, row)),
        }
    }

    /// The rows with a value off the type, and the values.
    pub fn off_type_values(&self) -> impl Iterator<Item = (usize, Value)> + use<'a> {
        let texts = self.off_type;
        let rows = 0..texts.map_or(0, Texts::len);
        rows.filter_map(move |row| Some((row, off_type_value(texts?.get(row)?))))
    }
}
