//! Values as small numbers: each distinct value of a key gets a code, from 1 on.
//!
//! 0 stands for no value. Numbers are equal by value (5 and 5.0 are one, shown as the integer); "5" is a text, and true
//! is no number. Neighbouring rows often hold the same value, and the texts of a dictionary are looked up once each.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use chrono::DateTime;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use query_lang::Value;

use super::source::Source;

/// Texts up to this length lie in the view of a column itself.
const INLINE: u32 = 12;

/// The codes of the values of one key.
#[derive(Debug, Default)]
pub struct Coder {
    /// Whether an explicit null has a code, or is no value.
    counts_nulls: bool,
    values: Vec<Value>,
    whole: HashMap<i64, u32>,
    /// Of floats that are no whole number that an integer can hold, by their bits.
    broken: HashMap<u64, u32>,
    times: HashMap<i64, u32>,
    texts: HashTable<u32>,
    short_texts: HashMap<u128, u32>,
    text_bytes: usize,
    flags: [u32; 2],
    null: u32,
    hasher: DefaultHashBuilder,
    /// The last dictionary, and the codes of its entries, 0 for those not yet met.
    dictionary: Option<ArrayRef>,
    entries: Vec<u32>,
}

impl Coder {
    /// A coder for which null is a value like others.
    pub fn with_nulls() -> Self {
        Self { counts_nulls: true, ..Self::default() }
    }

    /// The values by code; that of code 1 is the first.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        let maps = self.whole.capacity() + self.broken.capacity() + self.times.capacity();
        self.values.capacity() * size_of::<Value>()
            + self.text_bytes
            + maps * 16
            + self.short_texts.capacity() * 32
            + self.texts.capacity() * 4
            + self.entries.capacity() * 4
    }

    /// Puts the code of every row into `codes`.
    pub fn codes(&mut self, source: &Source<'_>, rows: usize, codes: &mut Vec<u32>) {
        codes.clear();
        match source.typed {
            Some(array) => self.typed_codes(array, codes),
            None => codes.resize(rows, 0),
        }
        for (row, value) in source.off_type_values() {
            codes[row] = self.code(&value);
        }
    }

    fn typed_codes(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) {
        match array.data_type() {
            DataType::Utf8View => self.view_codes(array.as_string_view(), codes),
            DataType::Dictionary(..) => self.dictionary_codes(array, codes),
            DataType::Int64 => {
                let mut last = (0, 0);
                codes.extend(array.as_primitive::<Int64Type>().iter().map(|value| {
                    let Some(value) = value else { return 0 };
                    if last.1 == 0 || last.0 != value {
                        last = (value, self.integer(value));
                    }
                    last.1
                }));
            }
            DataType::Float64 => {
                let values = array.as_primitive::<Float64Type>().iter();
                codes.extend(values.map(|value| value.map_or(0, |value| self.float(value))));
            }
            DataType::Timestamp(..) => {
                let mut last = (0, 0);
                codes.extend(array.as_primitive::<TimestampMicrosecondType>().iter().map(|value| {
                    let Some(value) = value else { return 0 };
                    if last.1 == 0 || last.0 != value {
                        last = (value, self.time(value));
                    }
                    last.1
                }));
            }
            DataType::Boolean => {
                let values = array.as_boolean().iter();
                codes.extend(values.map(|value| value.map_or(0, |value| self.flag(value))));
            }
            _ => codes.resize(array.len(), 0),
        }
    }

    fn view_codes(&mut self, texts: &StringViewArray, codes: &mut Vec<u32>) {
        let mut last = (0u128, 0);
        codes.extend(texts.views().iter().enumerate().map(|(row, view)| {
            if texts.is_null(row) {
                return 0;
            }
            // The lowest 32 bits of a view are the length.
            if *view as u32 > INLINE {
                return self.text(texts.value(row));
            }
            if last.1 == 0 || last.0 != *view {
                let known = self.short_texts.get(view).copied();
                let code = known.unwrap_or_else(|| {
                    let code = self.text(texts.value(row));
                    self.short_texts.insert(*view, code);
                    code
                });
                last = (*view, code);
            }
            last.1
        }));
    }

    fn dictionary_codes(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) {
        let dictionary = array.as_dictionary::<Int32Type>();
        let texts = dictionary.values().as_string::<i32>();
        if !self.dictionary.as_ref().is_some_and(|known| Arc::ptr_eq(known, dictionary.values())) {
            self.entries.clear();
            self.entries.resize(texts.len(), 0);
            // Most entries will be met.
            let (values, hasher) = (&self.values, &self.hasher);
            self.texts.reserve(texts.len(), |code| hash_of(values, hasher, *code));
            self.values.reserve(texts.len());
            self.dictionary = Some(Arc::clone(dictionary.values()));
        }
        let mut entries = std::mem::take(&mut self.entries);
        let places = dictionary.keys();
        let mut code_at = |place: i32| {
            let place = place as usize;
            if entries[place] == 0 {
                entries[place] = self.text(texts.value(place));
            }
            entries[place]
        };
        match places.nulls() {
            None => codes.extend(places.values().iter().map(|place| code_at(*place))),
            Some(_) => codes.extend(places.iter().map(|place| place.map_or(0, &mut code_at))),
        }
        self.entries = entries;
    }

    /// The code of a value.
    pub fn code(&mut self, value: &Value) -> u32 {
        match value {
            Value::Null if !self.counts_nulls => 0,
            Value::Null => {
                if self.null == 0 {
                    self.null = self.push(Value::Null);
                }
                self.null
            }
            Value::Bool(flag) => self.flag(*flag),
            Value::Int(number) => self.integer(*number),
            Value::Float(number) => self.float(*number),
            Value::Text(text) => self.text(text),
            Value::Time(time) => self.time(time.timestamp_micros()),
        }
    }

    fn push(&mut self, value: Value) -> u32 {
        self.values.push(value);
        self.values.len() as u32
    }

    fn flag(&mut self, flag: bool) -> u32 {
        if self.flags[usize::from(flag)] == 0 {
            self.flags[usize::from(flag)] = self.push(Value::Bool(flag));
        }
        self.flags[usize::from(flag)]
    }

    fn integer(&mut self, number: i64) -> u32 {
        if let Some(&code) = self.whole.get(&number) {
            let shown = &mut self.values[code as usize - 1];
            if matches!(shown, Value::Float(_)) {
                *shown = Value::Int(number);
            }
            return code;
        }
        let code = self.push(Value::Int(number));
        self.whole.insert(number, code);
        code
    }

    fn float(&mut self, number: f64) -> u32 {
        let known = if let Some(whole) = whole(number) {
            self.whole.get(&whole)
        } else {
            self.broken.get(&number.to_bits())
        };
        if let Some(code) = known {
            return *code;
        }
        let code = self.push(Value::Float(number));
        match whole(number) {
            Some(whole) => self.whole.insert(whole, code),
            None => self.broken.insert(number.to_bits(), code),
        };
        code
    }

    fn time(&mut self, micros: i64) -> u32 {
        if let Some(code) = self.times.get(&micros) {
            return *code;
        }
        let value = DateTime::from_timestamp_micros(micros).map_or(Value::Null, Value::Time);
        let code = self.push(value);
        self.times.insert(micros, code);
        code
    }

    fn text(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let values = &self.values;
        let text_of = |code: u32| values[code as usize - 1].as_text().unwrap_or_default();
        if let Some(code) = self.texts.find(hash, |code| text_of(*code) == text) {
            return *code;
        }
        let code = self.push(text.into());
        self.text_bytes += text.len();
        let (values, hasher) = (&self.values, &self.hasher);
        self.texts.insert_unique(hash, code, |code| hash_of(values, hasher, *code));
        code
    }
}

/// The hash of the text that a code stands for.
fn hash_of(values: &[Value], hasher: &DefaultHashBuilder, code: u32) -> u64 {
    hasher.hash_one(values[code as usize - 1].as_text().unwrap_or_default())
}

/// The integer that is the same number.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use arrow::array::{DictionaryArray, Int32Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_value_has_one_code_however_it_is_laid_out() {
        let views: ArrayRef =
            Arc::new(StringViewArray::from(vec![Some("a"), None, Some("longer than twelve"), Some("a")]));
        let places = Int32Array::from(vec![Some(1), Some(0), None]);
        let texts = StringArray::from(vec!["longer than twelve", "a"]);
        let dictionary: ArrayRef = Arc::new(DictionaryArray::new(places, Arc::new(texts)));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![5, 5, 6]));
        let mut coder = Coder::default();
        let mut codes = |array: &ArrayRef| {
            let mut codes = Vec::new();
            coder.codes(&Source { typed: Some(array), off_type: None }, array.len(), &mut codes);
            codes
        };
        assert_eq!(codes(&views), [1, 0, 2, 1]);
        assert_eq!(codes(&dictionary), [1, 2, 0]);
        assert_eq!(codes(&numbers), [3, 3, 4]);
        assert_eq!((coder.code(&Value::Float(5.0)), coder.code(&Value::Null)), (3, 0));
    }

    #[test]
    fn a_number_is_shown_as_an_integer_where_one_was_met() {
        let mut coder = Coder::with_nulls();
        assert_eq!(coder.code(&Value::Float(5.0)), coder.code(&Value::Int(5)));
        assert_ne!(coder.code(&Value::Float(5.5)), coder.code(&Value::Bool(true)));
        coder.code(&Value::Null);
        assert_eq!(coder.values(), [Value::Int(5), Value::Float(5.5), Value::Bool(true), Value::Null]);
    }
}
