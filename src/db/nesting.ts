import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tx, Write } from './db.ts'

/** What a transaction has set down for its end. */
export class Ending {
  /** What is written before the commit, by what writes it. */
  readonly last = new Map<Write<never>, unknown[]>()
  /** What happens once it has committed. */
  readonly followed: (() => void)[] = []

  /** What another one that commits with it has to write. */
  join(other: Ending): void {
    for (const [write, items] of other.last) this.last.set(write, [...(this.last.get(write) ?? []), ...items])
  }

  async write(tx: Tx): Promise<void> {
    for (const [write, items] of this.last) await write(tx, items as never[])
  }

  committed(): void {
    for (const then of this.followed) then()
  }
}

/** Turns a transaction inside a transaction into an error: on SQLite it would wait for itself for ever. */
export const noNesting = () => {
  const inside = new AsyncLocalStorage<Ending>()
  const ending = (): Ending => {
    const found = inside.getStore()
    if (found === undefined) throw new Error('Nothing ends outside of a transaction.')
    return found
  }
  return {
    refuse: () => {
      if (inside.getStore() !== undefined) throw new Error('A transaction inside a transaction: pass tx down instead.')
    },
    run: <T>(work: () => Promise<T>, end: Ending): Promise<T> => inside.run(end, work),
    beforeCommit: <Item>(write: Write<Item>, item: Item): void => {
      const { last } = ending()
      const items = last.get(write as Write<never>)
      if (items === undefined) last.set(write as Write<never>, [item])
      else items.push(item)
    },
    afterCommit: (then: () => void): void => {
      ending().followed.push(then)
    },
  }
}
