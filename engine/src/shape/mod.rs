//! From batches to answers: raw, grouped, by period, nested or flat.
