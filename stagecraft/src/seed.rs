//! What every installation has from the start: the types of modules that pages can draw, and the providers, data sources
//! and types of collectors that there have always been.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Edit, NewCollectorType, NewDataSource, RegistryError};

/// Types of modules by name, with the options that each cannot do without. More is always allowed: the options that live
/// dashboards use have outgrown every closed list.
const MODULE_TYPES: &[(&str, &[(&str, &str)])] = &[
    ("applications", &[]),
    ("availability", &[]),
    ("bar_chart_with_number", &[]),
    ("column", &[("value-attribute", "string")]),
    ("comparison", &[]),
    (
        "completion_rate",
        &[
            ("value-attribute", "string"),
            ("numerator-matcher", "string"),
            ("denominator-matcher", "string"),
            ("matching-attribute", "string"),
        ],
    ),
    (
        "completion_table",
        &[
            ("value-attribute", "string"),
            ("numerator-matcher", "string"),
            ("denominator-matcher", "string"),
            ("matching-attribute", "string"),
            ("category", "string"),
        ],
    ),
    ("grouped_timeseries", &[("value-attribute", "any")]),
    ("headline_figure", &[]),
    ("histogram", &[]),
    ("journey", &[]),
    ("kpi", &[("value-attribute", "string")]),
    ("list", &[("label-attr", "string")]),
    ("multi_stats", &[]),
    ("realtime", &[]),
    ("section", &[]),
    ("single_timeseries", &[("value-attribute", "string")]),
    ("tab", &[("tabs", "array")]),
    ("table", &[]),
    ("user_satisfaction", &[("value-attribute", "string")]),
    ("user_satisfaction_graph", &[("value-attribute", "string")]),
];

struct ProviderSeed {
    slug: &'static str,
    name: &'static str,
    data_sources: &'static [(&'static str, &'static str)],
    /// Slug, name, and the end of the entry point.
    collector_types: &'static [(&'static str, &'static str, &'static str)],
}

const PROVIDERS: &[ProviderSeed] = &[
    ProviderSeed {
        slug: "ga",
        name: "Google Analytics",
        data_sources: &[("ga-performanceplatform", "GA Performance Platform")],
        collector_types: &[
            ("ga", "Google Analytics", "ga"),
            ("ga-realtime", "Google Analytics Realtime", "ga.realtime"),
            ("ga-trending", "Google Analytics Trending", "ga.trending"),
            ("ga-contrib-content-table", "Google Analytics Content Table", "ga.contrib.content.table"),
        ],
    },
    ProviderSeed {
        slug: "pingdom",
        name: "Pingdom",
        data_sources: &[("pingdom-performanceplatform", "Pingdom Performance Platform")],
        collector_types: &[("pingdom", "Pingdom", "pingdom")],
    },
    ProviderSeed {
        slug: "webtrends",
        name: "Webtrends",
        data_sources: &[
            ("webtrends-nhs-choices", "Webtrends NHS Choices"),
            ("webtrends-national-apprenticeship-scheme", "Webtrends National Apprenticeships Scheme"),
        ],
        collector_types: &[
            ("webtrends-reports", "Webtrends Reports", "webtrends.reports"),
            ("webtrends-keymetrics", "Webtrends Keymetrics", "webtrends.keymetrics"),
        ],
    },
    ProviderSeed {
        slug: "piwik",
        name: "Piwik",
        data_sources: &[("piwik-fco", "Piwik FCO"), ("piwik-verify", "Piwik Verify")],
        collector_types: &[
            ("piwik-core", "Piwik", "piwik.core"),
            ("piwik-realtime", "Piwik Realtime", "piwik.realtime"),
        ],
    },
    ProviderSeed {
        slug: "gcloud",
        name: "gcloud",
        data_sources: &[("gcloud", "GCloud")],
        collector_types: &[("gcloud", "G-Cloud", "gcloud")],
    },
];

impl Edit {
    /// Fills a registry that has just been made.
    pub(crate) fn seed(&mut self) -> Result<(), RegistryError> {
        for (name, required) in MODULE_TYPES {
            self.create_module_type(name, &option_schema(required))?;
        }
        for seed in PROVIDERS {
            let provider = self.create_provider(seed.slug, seed.name, None)?;
            self.seed_provider(seed, provider.id)?;
        }
        Ok(())
    }

    fn seed_provider(&mut self, seed: &ProviderSeed, provider_id: Uuid) -> Result<(), RegistryError> {
        for (slug, name) in seed.data_sources {
            self.create_data_source(&NewDataSource {
                slug: (*slug).into(),
                name: (*name).into(),
                provider_id,
                credentials: None,
            })?;
        }
        for (slug, name, end) in seed.collector_types {
            self.create_collector_type(&NewCollectorType {
                slug: (*slug).into(),
                name: (*name).into(),
                provider_id,
                entry_point: format!("performanceplatform.collector.{end}"),
                query_schema: None,
                options_schema: None,
            })?;
        }
        Ok(())
    }
}

fn option_schema(required: &[(&str, &str)]) -> Value {
    let mut schema =
        json!({"$schema": "http://json-schema.org/draft-03/schema#", "type": "object", "properties": {}});
    for (name, kind) in required {
        schema["properties"][*name] = json!({"type": kind, "required": true});
    }
    if let Some(tabs) = schema["properties"].get_mut("tabs") {
        tabs["items"] = json!({"type": "object", "properties": {
            "slug": {"type": "string", "required": true, "maxLength": 30, "pattern": "^[-a-z0-9]+$"},
        }});
    }
    schema
}
