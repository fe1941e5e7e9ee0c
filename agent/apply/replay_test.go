package apply_test

import (
	"math/rand/v2"
	"testing"
)

// N lanes, one lane and the source itself end with the same rows.
func TestLanesEqualTheSource(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.world()
		p.churn(rand.New(rand.NewPCG(1, 1)), 1500)
		for _, lanes := range []int{1, 2, 5} {
			tg := p.newTarget(lanes)
			tg.mustReplay()
			tg.compare()
		}
	})
}
