import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { form, type Input, text } from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { readCard } from '../../protocols/vcard.ts'
import { type StoredCard, vcardsStore } from './store.ts'

export type { StoredCard } from './store.ts'

const LARGEST_CARD_BYTES = 65_535
/** Of all cards of an account together. */
const MOST_BYTES = 16 * 1_048_576

export const WantedCard = form({ vcard: text({ bytes: LARGEST_CARD_BYTES }) })

type CardInput = Input<typeof WantedCard>

/** Whose cards they are, and the Space that the account lives in. */
export interface Owner {
  readonly space: Space
  readonly id: number
}

/** Ids from the first to the last of as many cards as are read at once. */
const stretches = (sizes: readonly { readonly id: number; readonly bytes: number }[]) => {
  const found: { first: number; last: number; bytes: number }[] = []
  for (const { id, bytes } of sizes) {
    const current = found.at(-1)
    if (current === undefined || current.bytes + bytes > LARGEST_CARD_BYTES) found.push({ first: id, last: id, bytes })
    else {
      current.last = id
      current.bytes += bytes
    }
  }
  return found
}

/** The card in the form it is stored in; refuses whatever is not exactly one. */
const cardOf = (input: CardInput): { uid: string; text: string } => {
  const card = readCard(input.settle().vcard)
  if ('problem' in card) throw invalid('vcard', `v.vcard_${card.problem}`)
  // Folded anew it may have grown.
  if (Buffer.byteLength(card.text) > LARGEST_CARD_BYTES) {
    throw invalid('vcard', 'v.max_bytes', { max: LARGEST_CARD_BYTES })
  }
  return card
}

/**
 * An app's own address book, kept for it: we look no deeper into a card than its UID (behaviour/address-books.md §6).
 */
export const vcardsStorage = (deps: { config: Config; db: Db; accounts: Accounts; audit: Audit; now: () => Date }) => {
  const { config, db, accounts, audit, now } = deps
  const store = vcardsStore(db)
  const most = config.VCARDS_STORAGE_MAX_PER_ACCOUNT

  const unknown = () => new AppError('not_found', 'vcard.unknown')

  /** Called after the write, which is taken back when there was no room for it. */
  const refuseTooMuch = async (tx: Tx, input: CardInput, { id }: Owner) => {
    const { cards, bytes } = await store.size(tx, id)
    if (cards > most) input.refuse('vcard', { id: 'v.vcard_count', values: { max: most } })
    if (bytes > MOST_BYTES) input.refuse('vcard', { id: 'v.vcard_room', values: { max: MOST_BYTES } })
    input.settle()
  }

  /** `work` changes the cards of an account, which is held meanwhile. */
  const edit = <Result>(visit: Visit, { space, id }: Owner, work: (tx: Tx) => Promise<Result>): Promise<Result> =>
    db.transaction(async (tx) => {
      const { username } = await accounts.hold(tx, space, id)
      const result = await work(tx)
      const about = { id, username, domain: space.domain }
      await audit.record(tx, 'account.updated', { by: visit, space, about, changed: ['vcards_storage'] })
      return result
    })

  return {
    /** The Space's account of that id. */
    ownerOf: async (space: Space, id: number): Promise<Owner> => ({
      space,
      id: (await accounts.byId(space, id)).account.id,
    }),
    /** All of them in their order, some at a time: as many as may be in memory at once. */
    all: async function* ({ id }: Owner): AsyncIterable<StoredCard[]> {
      for (const { first, last } of stretches(await store.sizes(db.read, id))) {
        yield await store.stretch(db.read, id, first, last)
      }
    },
    one: async ({ id }: Owner, uuid: string): Promise<StoredCard> => {
      const card = await store.one(db.read, id, uuid)
      if (card === null) throw unknown()
      return card
    },
    create: async (visit: Visit, owner: Owner, input: CardInput): Promise<StoredCard> => {
      const { uid, text: vcard } = cardOf(input)
      return edit(visit, owner, async (tx) => {
        const card = await store.insert(tx, owner.id, uid, vcard, now())
        if (card === null) throw new AppError('conflict', 'vcard.stored')
        await refuseTooMuch(tx, input, owner)
        return card
      })
    },
    change: async (visit: Visit, owner: Owner, uuid: string, input: CardInput): Promise<StoredCard> => {
      const { uid, text: vcard } = cardOf(input)
      if (uid !== uuid) throw new AppError('invalid', 'vcard.other_uid')
      return edit(visit, owner, async (tx) => {
        const card = await store.update(tx, owner.id, uuid, vcard, now())
        if (card === null) throw unknown()
        await refuseTooMuch(tx, input, owner)
        return card
      })
    },
    remove: (visit: Visit, owner: Owner, uuid: string): Promise<void> =>
      edit(visit, owner, async (tx) => {
        if (!(await store.remove(tx, owner.id, uuid))) throw unknown()
      }),
  }
}

export type VcardsStorage = ReturnType<typeof vcardsStorage>
