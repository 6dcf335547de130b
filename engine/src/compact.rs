//! Which segments are put together, so that a data set has few, that of large ones few are about the same time, and that rows
//! which no longer count go.

/// Small segments that are left as they are.
const SMALL_SEGMENTS: usize = 3;
/// Segments that may be about one moment.
const OVERLAPPING_SEGMENTS: usize = 4;
/// The most that are put together at once: each takes memory for one row group.
const MOST: usize = 12;

/// What the choice depends on.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// Rows of the file.
    pub rows: u64,
    /// Those that count.
    pub live: u64,
    /// The smallest and largest `_timestamp`.
    pub time_range: Option<(i64, i64)>,
    /// Whether it is being put together with others already.
    pub is_busy: bool,
}

impl Candidate {
    /// Whether it is about the time just after a moment.
    fn covers(&self, moment: i64) -> bool {
        self.time_range.is_some_and(|(first, last)| first <= moment && moment < last)
    }
}

/// The places of the segments that are to be put together; none if they are as they should be. Segments become about as large
/// as `segment_rows`. With `all`, whatever makes them fewer, smaller or more separate is done; else what is worth it.
pub fn choose(segments: &[Candidate], segment_rows: usize, all: bool) -> Vec<usize> {
    let mut free: Vec<usize> = (0..segments.len()).collect();
    free.retain(|place| segments.get(*place).is_some_and(|segment| !segment.is_busy && segment.live > 0));
    free.sort_by_key(|place| segments.get(*place).map_or(0, |segment| segment.live));
    let choices = [
        if all { untidy(segments, &free, segment_rows) } else { Vec::new() },
        wasteful(segments, &free),
        small(segments, &free, segment_rows),
        overlapping(segments, &free, OVERLAPPING_SEGMENTS),
    ];
    choices.into_iter().find(|places| is_worthwhile(segments, places, segment_rows)).unwrap_or_default()
}

/// Whether writing these anew changes anything for the better.
fn is_worthwhile(segments: &[Candidate], places: &[usize], segment_rows: usize) -> bool {
    let chosen: Vec<Candidate> = places.iter().filter_map(|place| segments.get(*place)).copied().collect();
    let rows: u64 = chosen.iter().map(|segment| segment.live).sum();
    let pieces = (rows as usize).div_ceil(segment_rows.max(1));
    let is_wasteful = chosen.iter().any(|segment| segment.live < segment.rows);
    let everything: Vec<usize> = (0..chosen.len()).collect();
    is_wasteful || pieces < chosen.len() || !overlapping(&chosen, &everything, 1).is_empty()
}

/// One of which a quarter no longer counts.
fn wasteful(segments: &[Candidate], free: &[usize]) -> Vec<usize> {
    let is_wasteful =
        |place: &&usize| segments.get(**place).is_some_and(|segment| segment.live * 4 < segment.rows * 3);
    free.iter().find(is_wasteful).copied().into_iter().collect()
}

/// Small ones, when they have become many.
fn small(segments: &[Candidate], free: &[usize], segment_rows: usize) -> Vec<usize> {
    let mut rows = 0;
    let mut places = Vec::new();
    for place in free {
        let live = segments.get(*place).map_or(0, |segment| segment.live as usize);
        if live > segment_rows / 2 || rows + live > segment_rows * 2 || places.len() == MOST {
            break;
        }
        rows += live;
        places.push(*place);
    }
    if places.len() > SMALL_SEGMENTS { places } else { Vec::new() }
}

/// More than so many that are about the same moment.
fn overlapping(segments: &[Candidate], free: &[usize], most: usize) -> Vec<usize> {
    let covering = |moment: i64| -> Vec<usize> {
        free.iter()
            .filter(|place| segments.get(**place).is_some_and(|segment| segment.covers(moment)))
            .copied()
            .collect()
    };
    let starts = free.iter().filter_map(|place| segments.get(*place)?.time_range).map(|(first, _)| first);
    let mut deepest = starts.map(covering).max_by_key(Vec::len).unwrap_or_default();
    if deepest.len() <= most {
        return Vec::new();
    }
    deepest.truncate(MOST);
    deepest
}

/// All that are small, have rows that no longer count, or are about the same time as others.
fn untidy(segments: &[Candidate], free: &[usize], segment_rows: usize) -> Vec<usize> {
    let overlapping = overlapping(segments, free, 1);
    let is_untidy = |place: &&usize| {
        let segment = segments.get(**place);
        overlapping.contains(place)
            || segment
                .is_some_and(|segment| segment.live < segment.rows || (segment.live as usize) < segment_rows)
    };
    free.iter().filter(is_untidy).take(MOST).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(live: u64, time_range: (i64, i64)) -> Candidate {
        Candidate { rows: live, live, time_range: Some(time_range), is_busy: false }
    }

    #[test]
    fn a_few_small_ones_stay_and_many_are_put_together() {
        let mut segments: Vec<Candidate> = (0..3).map(|n| segment(100 + n as u64, (n, n + 1))).collect();
        assert_eq!(choose(&segments, 1_000, false), [] as [usize; 0]);
        segments.push(segment(50, (9, 10)));
        assert_eq!(choose(&segments, 1_000, false), [3, 0, 1, 2]);
        segments[1].is_busy = true;
        assert_eq!(choose(&segments, 1_000, false), [] as [usize; 0]);
        assert_eq!(choose(&segments, 1_000, true), [3, 0, 2]);
    }

    #[test]
    fn one_with_many_rows_that_do_not_count_is_written_anew() {
        let dying = Candidate { live: 700, ..segment(1_000, (0, 9)) };
        assert_eq!(choose(&[segment(1_000, (0, 9)), dying], 1_000, false), [1]);
        let well = Candidate { live: 800, ..dying };
        assert_eq!(choose(&[well], 1_000, false), [] as [usize; 0]);
        assert_eq!(choose(&[well], 1_000, true), [0]);
    }

    #[test]
    fn large_ones_about_the_same_time_are_cut_by_time() {
        let mut segments = vec![segment(1_000, (0, 100)); 5];
        assert_eq!(choose(&segments, 1_000, false).len(), 5);
        segments.pop();
        assert_eq!(choose(&segments, 1_000, false), [] as [usize; 0]);
        // one moment cannot be cut
        assert_eq!(choose(&[segment(1_000, (7, 7)); 9], 1_000, true), [] as [usize; 0]);
    }

    #[test]
    fn what_was_put_together_is_left_alone() {
        // three pieces of 2.2 times the size, one after the other
        let pieces: Vec<Candidate> = (0..3).map(|n| segment(733, (n * 10, n * 10 + 10))).collect();
        assert_eq!(choose(&pieces, 1_000, true), [] as [usize; 0]);
    }
}
