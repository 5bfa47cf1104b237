//! Which texts run together: of nearly equal length, so that little is padding, and no more than fit a processor's caches.

/// Of the longest text's length, what the others need at least once a batch is large enough to run well.
const NEARLY_EQUAL: (usize, usize) = (7, 8);
/// The same while it is not.
const ROUGHLY_EQUAL: (usize, usize) = (1, 2);

/// One input of a graph. Nothing in it is padding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub ids: Vec<u32>,
    /// `token_type_ids`: 1 for a pair's second text.
    pub kinds: Vec<u32>,
}

/// How large batches are, in tokens with their padding.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    /// More do not run faster.
    pub most: usize,
    /// Fewer run slower, so that texts of other lengths are taken along.
    pub enough: usize,
}

/// An input, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub request: u64,
    /// Its place in the request.
    pub index: usize,
    pub input: Input,
}

/// Inputs that run together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub parts: Vec<Part>,
    /// Tokens of the longest.
    pub length: usize,
}

/// The inputs that wait.
///
/// Every other batch is led by the oldest request, so that each comes to its end, and the others by the one with the
/// fewest tokens left, so that a query does not wait for a whole book.
#[derive(Debug)]
pub struct Batches {
    size: BatchSize,
    /// The oldest first.
    requests: Vec<Waiting>,
    oldest_leads: bool,
}

#[derive(Debug)]
struct Waiting {
    request: u64,
    /// The longest last.
    inputs: Vec<(usize, Input)>,
    tokens: usize,
}

impl Batches {
    pub const fn new(size: BatchSize) -> Self {
        Self {
            size,
            requests: Vec::new(),
            oldest_leads: true,
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub fn push(&mut self, request: u64, inputs: Vec<Input>) {
        let mut inputs: Vec<_> = inputs.into_iter().enumerate().collect();
        inputs.sort_by_key(|(_, input)| input.ids.len());
        let tokens = inputs.iter().map(|(_, input)| input.ids.len()).sum();
        if !inputs.is_empty() {
            self.requests.push(Waiting {
                request,
                inputs,
                tokens,
            });
        }
    }

    /// Forgets what is left of a request.
    pub fn remove(&mut self, request: u64) {
        self.requests.retain(|waiting| waiting.request != request);
    }

    pub fn next(&mut self) -> Option<Batch> {
        let lead = if self.oldest_leads {
            0
        } else {
            let tokens = self.requests.iter().map(|waiting| waiting.tokens);
            tokens.enumerate().min_by_key(|(_, tokens)| *tokens)?.0
        };
        self.oldest_leads = !self.oldest_leads;
        let length = self.requests.get(lead)?.inputs.last()?.1.ids.len();
        let mut parts = Vec::new();
        let others = (0..self.requests.len()).filter(|at| *at != lead);
        for at in std::iter::once(lead).chain(others) {
            self.take(at, length, &mut parts);
        }
        self.requests.retain(|waiting| !waiting.inputs.is_empty());
        Some(Batch { parts, length })
    }

    /// Moves what fits from one request, the longest first.
    fn take(&mut self, at: usize, length: usize, parts: &mut Vec<Part>) {
        let Some(waiting) = self.requests.get_mut(at) else {
            return;
        };
        let fitting = |(_, input): &(usize, Input)| input.ids.len() <= length;
        let end = waiting.inputs.partition_point(fitting);
        let mut begin = end;
        while begin > 0 {
            let count = parts.len() + (end - begin);
            let (share, of) = if count * length < self.size.enough {
                ROUGHLY_EQUAL
            } else {
                NEARLY_EQUAL
            };
            let has_room = count == 0 || (count + 1) * length <= self.size.most;
            let next = waiting.inputs[begin - 1].1.ids.len();
            if !has_room || next * of < length * share {
                break;
            }
            begin -= 1;
        }
        for (index, input) in waiting.inputs.drain(begin..end).rev() {
            waiting.tokens -= input.ids.len();
            parts.push(Part {
                request: waiting.request,
                index,
                input,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(lengths: &[usize]) -> Vec<Input> {
        let input = |length: &usize| Input {
            ids: vec![1; *length],
            kinds: vec![0; *length],
        };
        lengths.iter().map(input).collect()
    }

    /// `(request, index)` of each batch, until nothing is left.
    fn all(batches: &mut Batches) -> Vec<Vec<(u64, usize)>> {
        let next = || {
            let batch = batches.next()?;
            let parts = batch.parts.iter();
            Some(parts.map(|part| (part.request, part.index)).collect())
        };
        std::iter::from_fn(next).collect()
    }

    fn batches(most: usize, enough: usize) -> Batches {
        Batches::new(BatchSize { most, enough })
    }

    #[test]
    fn texts_of_nearly_equal_length_run_together_within_the_budget() {
        let mut batches = batches(32, 0);
        batches.push(0, inputs(&[8, 16, 7, 15, 16, 2, 40]));
        let expected = vec![
            vec![(0, 6)],
            vec![(0, 4), (0, 1)],
            vec![(0, 3)],
            vec![(0, 0), (0, 2)],
            vec![(0, 5)],
        ];
        assert_eq!(all(&mut batches), expected);
        assert!(batches.is_empty());
    }

    #[test]
    fn a_batch_that_is_too_small_takes_shorter_texts_along() {
        let mut batches = batches(100, 24);
        batches.push(0, inputs(&[10, 6, 5, 5, 2]));
        assert_eq!(
            all(&mut batches),
            [vec![(0, 0), (0, 1), (0, 3)], vec![(0, 2)], vec![(0, 4)]]
        );
    }

    #[test]
    fn texts_of_several_requests_share_a_batch_and_a_short_request_overtakes_a_long_one() {
        let mut shared = batches(64, 64);
        for request in 0..4 {
            shared.push(request, inputs(&[8, 8]));
        }
        assert_eq!(shared.next().map(|batch| batch.parts.len()), Some(8));
        assert!(shared.is_empty());

        let mut queue = batches(32, 0);
        queue.push(0, inputs(&[16; 10]));
        queue.push(1, inputs(&[4]));
        let order: Vec<_> = all(&mut queue).iter().map(|batch| batch[0].0).collect();
        assert_eq!(order, [0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_request_that_was_left_is_forgotten() {
        let mut batches = batches(32, 0);
        batches.push(0, inputs(&[16; 10]));
        batches.push(1, inputs(&[4]));
        batches.remove(0);
        assert_eq!(all(&mut batches), [vec![(1, 0)]]);
    }
}
