//! A connection whose other end has to take what is sent to it, at no less than a certain pace: who takes a drop now and then
//! would else hold the connection, and the answer in memory, for as long as the answer is large.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How many bytes make good for a second of waiting.
const BYTES_A_SECOND: u32 = 1024;

/// How long somebody has let others wait, of how long that is borne. Whatever is taken makes good for some of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Forbearance {
    whole: Duration,
    spent: Duration,
}

impl Forbearance {
    fn left(&self) -> Duration {
        self.whole.saturating_sub(self.spent)
    }

    fn wait(&mut self, time: Duration) {
        self.spent = self.spent.saturating_add(time);
    }

    fn take(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.spent = self.spent.saturating_sub(Duration::from_secs(1) * bytes / BYTES_A_SECOND);
    }
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] when its other end takes too little for too long.
#[derive(Debug)]
pub struct Paced<S> {
    stream: S,
    forbearance: Forbearance,
    waiting: Option<Waiting>,
}

/// A write that the other end does not take.
#[derive(Debug)]
struct Waiting {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    /// The other end may let writes wait for so long in all, and a second more for every KiB that it takes.
    pub fn new(stream: S, whole: Duration) -> Paced<S> {
        Paced { stream, forbearance: Forbearance { whole, spent: Duration::ZERO }, waiting: None }
    }

    /// What becomes of a write for which the stream has this answer.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(result) = written else {
            let left = self.forbearance.left();
            let begin = || Waiting { since: Instant::now(), end: Box::pin(sleep(left)) };
            ready!(self.waiting.get_or_insert_with(begin).end.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        };
        if let Some(waiting) = self.waiting.take() {
            self.forbearance.wait(waiting.since.elapsed());
        }
        self.forbearance.take(*result.as_ref().unwrap_or(&0));
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long is left to somebody who has half a minute, and after each wait of so many seconds takes so many bytes.
    fn left_after(waits: &[(u32, usize)]) -> Duration {
        let mut forbearance = Forbearance { whole: 30 * SECOND, spent: Duration::ZERO };
        for (seconds, bytes) in waits {
            forbearance.wait(*seconds * SECOND);
            forbearance.take(*bytes);
        }
        forbearance.left()
    }

    #[test]
    fn who_takes_a_drop_now_and_then_has_no_time_left() {
        assert_eq!(left_after(&[(29, 1)]).as_secs(), 1);
        assert_eq!(left_after(&[(29, 1), (29, 1)]), Duration::ZERO);
    }

    #[test]
    fn who_keeps_the_pace_may_go_on_for_ever() {
        assert_eq!(left_after(&[(10, 10 << 10); 100]), 30 * SECOND);
        assert_eq!(left_after(&[(10, 9 << 10); 10]), 20 * SECOND);
    }

    #[test]
    fn a_pause_is_made_good_by_what_is_taken_after_it() {
        assert_eq!(left_after(&[(29, 0)]), SECOND);
        assert_eq!(left_after(&[(29, 0), (0, 64 << 10)]), 30 * SECOND);
    }

    #[tokio::test]
    async fn a_write_that_nobody_takes_fails() {
        use tokio::io::AsyncWriteExt;
        let (near, _far) = tokio::io::duplex(4);
        let mut paced = Paced::new(near, Duration::from_millis(5));
        let failure = paced.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(failure.kind(), io::ErrorKind::TimedOut);
    }
}
