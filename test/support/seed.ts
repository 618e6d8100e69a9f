import { configureGlobal } from 'fast-check'

// The same examples in every run; FAST_CHECK_SEED=1 (or any other number) tries others.
configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 3261) })
