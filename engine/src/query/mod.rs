//! Planning a query onto DataFusion and running it.
