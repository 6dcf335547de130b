//! The functions, one file each.

mod latest_dataset_value;
mod latest_transaction_explorer_values;
mod logging;
mod mapping;
mod rate;
mod user_satisfaction;

use crate::Function;

/// All functions.
pub static FUNCTIONS: [Function; 6] = [
    rate::FUNCTION,
    user_satisfaction::FUNCTION,
    mapping::FUNCTION,
    latest_dataset_value::FUNCTION,
    latest_transaction_explorer_values::FUNCTION,
    logging::FUNCTION,
];

/// The function of this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.path == path)
}

#[cfg(test)]
pub mod testing {
    //! What the tests of functions share.

    use serde_json::Value;

    use crate::{Dashboards, Function, Input, Output, Row, Unfit};

    /// Dashboards that show the input, and those of services.
    #[derive(Default)]
    pub struct Shown {
        pub input: Vec<&'static str>,
        pub services: Vec<(&'static str, &'static str)>,
    }

    impl Dashboards for Shown {
        fn showing_input(&self) -> Vec<String> {
            self.input.iter().map(|slug| (*slug).to_owned()).collect()
        }

        fn of_service(&self, service: &str) -> Vec<String> {
            let of = self.services.iter().filter(|(known, _)| *known == service);
            of.map(|(_, slug)| (*slug).to_owned()).collect()
        }
    }

    pub fn run(function: &Function, rows: &Value, options: &Value) -> Result<Output, Unfit> {
        run_with(function, rows, options, "any", &Shown::default())
    }

    pub fn run_with(
        function: &Function,
        rows: &Value,
        options: &Value,
        data_type: &str,
        dashboards: &Shown,
    ) -> Result<Output, Unfit> {
        let rows: Vec<Row> = serde_json::from_value(rows.clone()).unwrap();
        let options = options.as_object().unwrap();
        function.run(&Input { rows: &rows, options, data_type, dashboards })
    }

    /// The records as one JSON value.
    pub fn records(output: Result<Output, Unfit>) -> Value {
        output.unwrap().records.into_iter().map(Value::Object).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_the_path_that_configurations_name() {
        for path in ["rate.compute", "user_satisfaction.compute", "mapping.compute", "debug.logging"] {
            assert!(find(&format!("backdrop.transformers.tasks.{path}")).is_some(), "{path}");
        }
        assert!(find("os.system").is_none());
        let names: std::collections::BTreeSet<&str> =
            FUNCTIONS.iter().map(|function| function.name).collect();
        assert_eq!(names.len(), FUNCTIONS.len());
        assert!(names.iter().all(|name| name.len() <= 25));
    }
}
