//! Whether the history of a round can be: is there an order of its requests, one after the other,
//! in which each did what it said and the store holds what it holds?

use flask_session_model::Content;

use crate::round::{Done, Round};

/// The session between two requests: what it holds, and whose renewal moved it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    content: Option<Content>,
    moved_by: Option<usize>,
}

/// What the store holds when the round is over.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Under the session's key.
    pub(crate) session: Option<Content>,
    /// Under each worker's new key.
    pub(crate) renewed: Vec<Option<Content>>,
}

/// Panics with the history if it can't be explained.
pub(crate) fn judge(round: Round, history: &[Done], found: &Found) {
    for done in history {
        assert_eq!(
            done.loaded.as_ref(),
            Some(&round.before()),
            "worker {} was shown something else than its session: {history:#?}",
            done.worker
        );
    }
    let begin = Place {
        content: Some(round.before()),
        moved_by: None,
    };
    let all: Vec<&Done> = history.iter().collect();
    assert!(
        explained(round, &begin, &all, found),
        "no order of these requests explains what happened: {history:#?}\nthe store has {found:#?}"
    );
}

fn explained(round: Round, place: &Place, rest: &[&Done], found: &Found) -> bool {
    if rest.is_empty() {
        let under = |key: Option<usize>| {
            place
                .content
                .as_ref()
                .filter(|_| place.moved_by == key)
                .cloned()
        };
        let mut renewed = found.renewed.iter().enumerate();
        return found.session == under(None)
            && renewed.all(|(worker, content)| *content == under(Some(worker)));
    }
    (0..rest.len()).any(|index| {
        let mut later = rest.to_vec();
        let done = later.remove(index);
        after(round, place, done).is_some_and(|place| explained(round, &place, &later, found))
    })
}

/// The session after `done`, if it can have come next and said what it did.
fn after(round: Round, place: &Place, done: &Done) -> Option<Place> {
    let doing = round.doing(done.worker);
    let here = place.content.as_ref().filter(|_| place.moved_by.is_none());
    let then = here.map(|content| doing.done_to(content));
    match done.outcome.as_str() {
        "stored" | "merged" if then.is_some() && done.after == then => Some(Place {
            content: then,
            moved_by: round.renews(done.worker).then_some(done.worker),
        }),
        "deleted" if then.as_ref().is_some_and(Content::is_empty) => Some(Place {
            content: None,
            moved_by: None,
        }),
        "deleted" if doing.destroys() && here.is_none() => Some(place.clone()),
        "touched" if then.is_some() && then.as_ref() == here => Some(place.clone()),
        "gone" if here.is_none() => Some(place.clone()),
        _ => None,
    }
}
