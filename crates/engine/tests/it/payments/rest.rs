//! The end of every schedule: nothing fails any more, and everything comes to rest.

use engine::topups::{self, State};
use providers::gateway::Standing;
use store::params;

use super::schedule::Schedule;

/// Rounds, an hour each, after which nothing may be open any more.
const ROUNDS: usize = 100;

impl Schedule<'_> {
    /// Nothing fails any more, every bank decides, every notice that is not lost comes, and time passes.
    pub(super) async fn come_to_rest(&mut self) {
        self.gateway.world().faulty = false;
        let mut calm_rounds = 0;
        for _ in 0..ROUNDS {
            self.place.clock.advance_seconds(3_600);
            {
                let mut world = self.gateway.world();
                for number in 0..world.objects.len() {
                    world.progress(number);
                    world.decide(number);
                }
                let now_s = world.now_s();
                world.letters.iter_mut().for_each(|letter| letter.due_at_s = letter.due_at_s.min(now_s));
            }
            let waiting = self.gateway.world().letters.len();
            for _ in 0..waiting {
                self.deliver().await;
            }
            self.reconcile().await;
            // What was seen last hour may have to be asked about in this one.
            calm_rounds = if self.is_at_rest().await { calm_rounds + 1 } else { 0 };
            if calm_rounds == 2 {
                return;
            }
        }
        self.gateway.world().note("it never came to rest".to_owned());
    }

    async fn is_at_rest(&self) -> bool {
        {
            let world = self.gateway.world();
            let thinking = |standing: &Standing| matches!(standing, Standing::Processing(_) | Standing::UnderReview(_));
            let busy = world.objects.iter().any(|object| object.slow || thinking(&object.standing));
            if busy || !world.letters.is_empty() {
                return false;
            }
        }
        let payments = topups::payments(&self.engine, &self.account_id, None, 1_000).await.unwrap();
        // A review of the gateway that ended badly is asked about until a person decides, what expired for a day.
        let asked = |payment: &topups::Payment| {
            payment.next_check_at.is_some() && !matches!(payment.state, State::UnderReview | State::Expired)
        };
        let sql = "SELECT 1 FROM refunds WHERE account_id = $1 AND next_check_at_us IS NOT NULL LIMIT 1";
        let refunds = self.place.store.query(sql, params![self.account_id.as_str()]).await.unwrap();
        refunds.is_empty() && !payments.iter().any(asked)
    }
}
