import type { Limit } from './limit.ts'

interface Gate {
  /** Guesses that are being looked at: any of them may turn out wrong. */
  looking: number
  /** Of those that were wrong, how many have been counted. */
  counted: number
  /** Requests that know of this gate. */
  users: number
  readonly waiting: (() => void)[]
}

/** What a right guess proves, or in one word why the guess is wrong. */
type Inspect<Found extends object> = () => Found | string

/**
 * Guesses at a secret against a limit of wrong ones. A guess is looked at only while the limit has room for all that
 * are being looked at to be wrong, so of a thousand at once this process looks at no more than the limit says; the
 * others wait for their turn or are refused (`rate_limited`), right or wrong. Only a wrong one is written anywhere.
 */
export const guesses = (limit: Limit) => {
  const gates = new Map<string, Gate>()
  const wakeOne = (gate: Gate) => gate.waiting.shift()?.()

  const admit = async (gate: Gate, key: string): Promise<void> => {
    for (;;) {
      const { counted } = gate
      const left = await limit.check(key)
      // What was counted since then may be missing in `left`.
      if (gate.looking + (gate.counted - counted) < left) {
        gate.looking += 1
        return
      }
      if (gate.looking > 0) await new Promise<void>((resolve) => gate.waiting.push(resolve))
    }
  }

  const look = async <Found extends object>(gate: Gate, key: string, inspect: Inspect<Found>) => {
    await admit(gate, key)
    let isWrong = false
    try {
      const found = inspect()
      isWrong = typeof found === 'string'
      if (isWrong) await limit.consume(key)
      return found
    } finally {
      gate.looking -= 1
      if (isWrong) gate.counted += 1
    }
  }

  return {
    /**
     * What `inspect` says; it is not asked beyond the limit. A wrong guess is counted before anybody learns that it is.
     */
    look: async <Found extends object>(key: string, inspect: Inspect<Found>): Promise<Found | string> => {
      if (limit.points === null) return inspect()
      const gate = gates.get(key) ?? { looking: 0, counted: 0, users: 0, waiting: [] }
      gates.set(key, gate)
      gate.users += 1
      try {
        return await look(gate, key, inspect)
      } finally {
        gate.users -= 1
        if (gate.users === 0) gates.delete(key)
        wakeOne(gate)
      }
    },
  }
}

export type Guesses = ReturnType<typeof guesses>
