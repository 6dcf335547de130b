//! How a thing of the catalog becomes a row of the database and back.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::any::AnyRow;
use sqlx::{Decode, Row as _, Type};

use crate::RegistryError;

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Column {
    Text(String),
    Integer(i64),
    NullableText(Option<String>),
    NullableInteger(Option<i64>),
}

impl From<&str> for Column {
    fn from(text: &str) -> Column {
        Column::Text(text.to_owned())
    }
}

impl From<i64> for Column {
    fn from(number: i64) -> Column {
        Column::Integer(number)
    }
}

impl From<bool> for Column {
    fn from(truth: bool) -> Column {
        Column::Integer(i64::from(truth))
    }
}

impl From<Option<i64>> for Column {
    fn from(number: Option<i64>) -> Column {
        Column::NullableInteger(number)
    }
}

impl From<Option<&str>> for Column {
    fn from(text: Option<&str>) -> Column {
        Column::NullableText(text.map(str::to_owned))
    }
}

impl From<uuid::Uuid> for Column {
    fn from(id: uuid::Uuid) -> Column {
        Column::Text(id.to_string())
    }
}

/// A time as it is stored: texts of this form are in the order of time.
pub(crate) fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl From<DateTime<Utc>> for Column {
    fn from(time: DateTime<Utc>) -> Column {
        Column::Text(text(time))
    }
}

impl From<Option<DateTime<Utc>>> for Column {
    fn from(time: Option<DateTime<Utc>>) -> Column {
        Column::NullableText(time.map(text))
    }
}

impl From<&serde_json::Value> for Column {
    fn from(value: &serde_json::Value) -> Column {
        Column::Text(value.to_string())
    }
}

/// A thing that has a table of its own.
pub(crate) trait Row: Sized {
    /// The table.
    const TABLE: &'static str;
    /// Its columns; the first is the key.
    const COLUMNS: &'static [&'static str];
    /// The values, in the order of the columns.
    fn to_row(&self) -> Vec<Column>;
    /// Reads the values in the order of the columns.
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, RegistryError>;
}

/// Reads one row's columns, one after another.
pub(crate) struct RowReader<'a> {
    row: &'a AnyRow,
    next: usize,
    table: &'static str,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(row: &'a AnyRow, table: &'static str) -> RowReader<'a> {
        RowReader { row, next: 0, table }
    }

    fn take<T: Decode<'a, sqlx::Any> + Type<sqlx::Any>>(&mut self) -> Result<T, RegistryError> {
        let value = self.row.try_get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub(crate) fn text(&mut self) -> Result<String, RegistryError> {
        self.take()
    }

    pub(crate) fn nullable_text(&mut self) -> Result<Option<String>, RegistryError> {
        self.take()
    }

    pub(crate) fn integer(&mut self) -> Result<i64, RegistryError> {
        self.take()
    }

    pub(crate) fn nullable_integer(&mut self) -> Result<Option<i64>, RegistryError> {
        self.take()
    }

    pub(crate) fn truth(&mut self) -> Result<bool, RegistryError> {
        Ok(self.integer()? != 0)
    }

    pub(crate) fn uuid(&mut self) -> Result<uuid::Uuid, RegistryError> {
        let text = self.text()?;
        uuid::Uuid::parse_str(&text).map_err(|error| self.corrupt(error))
    }

    pub(crate) fn nullable_uuid(&mut self) -> Result<Option<uuid::Uuid>, RegistryError> {
        let Some(text) = self.nullable_text()? else { return Ok(None) };
        uuid::Uuid::parse_str(&text).map(Some).map_err(|error| self.corrupt(error))
    }

    /// A set of identifiers stored as a JSON list.
    pub(crate) fn uuids(&mut self) -> Result<BTreeSet<uuid::Uuid>, RegistryError> {
        let texts: Vec<String> = self.json()?;
        let ids = texts.iter().map(|text| uuid::Uuid::parse_str(text));
        ids.collect::<Result<_, _>>().map_err(|error| self.corrupt(error))
    }

    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>, RegistryError> {
        let text = self.text()?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(|error| self.corrupt(error))?;
        Ok(time.with_timezone(&Utc))
    }

    pub(crate) fn nullable_time(&mut self) -> Result<Option<DateTime<Utc>>, RegistryError> {
        let Some(text) = self.nullable_text()? else { return Ok(None) };
        let time = DateTime::parse_from_rfc3339(&text).map_err(|error| self.corrupt(error))?;
        Ok(Some(time.with_timezone(&Utc)))
    }

    /// A value stored as JSON text.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, RegistryError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| self.corrupt(error))
    }

    /// A value stored as JSON text, or nothing.
    pub(crate) fn nullable_json<T: serde::de::DeserializeOwned>(
        &mut self,
    ) -> Result<Option<T>, RegistryError> {
        match self.nullable_text()? {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text).map(Some).map_err(|error| self.corrupt(error)),
        }
    }

    fn corrupt(&self, error: impl std::fmt::Display) -> RegistryError {
        RegistryError::Corrupt { table: self.table, reason: error.to_string() }
    }
}
