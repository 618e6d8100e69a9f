import type { Accounts, Owner } from '../../accounts/accounts/accounts.ts'
import type { Db, Reader } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { choice, flag, form, type Input, integer, optional, read, text } from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import { isSipUri, parseSipAddress, sipUri } from '../../protocols/sip-address.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { type CallForwarding, callForwardingStore } from './store.ts'

export type { CallForwarding } from './store.ts'

export const TYPES = ['always', 'no_answer', 'busy'] as const
export const FORWARD_TO = ['voicemail', 'contact', 'sip_uri'] as const
type ForwardingType = (typeof TYPES)[number]
/** What a Flexisip calls `no_answer` (D23). */
export type NoAnswerWord = Space['callForwardingNoAnswerWire']

export const LONGEST_URI = 255

/** `away` is what `no_answer` was called before (D23). */
const type = () => choice([...TYPES, 'away'])
const target = {
  forward_to: choice(FORWARD_TO),
  sip_uri: optional(text({ max: LONGEST_URI })),
  contact_id: optional(integer(1)),
  enabled: flag(),
}
export const NewForwarding = form({ type: type(), ...target })
/** All of it but the type, which stays as it is. */
export const ChangedForwarding = form({ type: optional(type()), ...target })

export const TurnedForwarding = form({ enabled: flag() })

type Given = Input<typeof NewForwarding> | Input<typeof ChangedForwarding>

const typeOf = (word: ForwardingType | 'away'): ForwardingType => (word === 'away' ? 'no_answer' : word)

/** Calls cannot always go elsewhere and also only sometimes. */
const excludes = (one: ForwardingType, other: ForwardingType) => (one === 'always') !== (other === 'always')

/** The SIP URI of the contact of a rule; null: it has none. */
export const contactUri = ({ contact }: Pick<CallForwarding, 'contact'>): string | null =>
  contact === null ? null : sipUri(contact.username, contact.domain)

/** Where a rule sends calls; null: to the voicemail, or nowhere that can be called. */
const destination = (rule: CallForwarding): string | null => {
  const uri = { sip_uri: rule.sipUri, contact: contactUri(rule), voicemail: null }[rule.forwardTo]
  return uri !== null && isSipUri(uri) ? uri : null
}

const hasSameTarget = (one: CallForwarding, other: CallForwarding): boolean =>
  one.forwardTo === other.forwardTo && one.sipUri === other.sipUri && one.contactId === other.contactId

const addressOf = (uri: string) => {
  const address = parseSipAddress(`<${uri}>`)
  return address === null ? null : { user: address.user.toLowerCase(), domain: address.host.replace(/\.$/, '') }
}

/** What somebody has seen of a rule before they change it: refuses what others have made of it meanwhile. */
interface MadeFrom {
  refuseStale(before: CallForwarding): void
}

const refuseNothing: MadeFrom = { refuseStale: () => {} }

/** The rule sends calls where it did. */
const asSeen = (seen: CallForwarding): MadeFrom => ({
  refuseStale: (before) => {
    if (!hasSameTarget(before, seen)) throw new AppError('conflict', 'account.changed_meanwhile')
  },
})

/** Of a rule that sends calls to somebody here: who that is, and which member says so. */
interface Target extends Owner {
  readonly field: 'sip_uri' | 'contact_id'
}

/**
 * Where the calls of an account go instead (behaviour/telephony.md §7): one rule of each type. The account writes its
 * own, administrators write those of all.
 */
export const callForwardings = (deps: { db: Db; accounts: Accounts; spaces: SpaceDirectory; now: () => Date }) => {
  const { db, accounts, spaces, now } = deps
  const store = callForwardingStore(db)

  const unknown = () => new AppError('not_found', 'forwarding.unknown')

  const find = async (on: Reader, { id }: Owner, ruleId: number | null): Promise<CallForwarding> => {
    const rule = (await store.of(on, id)).find((one) => one.id === ruleId)
    if (rule === undefined) throw unknown()
    return rule
  }

  /** The account of this server that calls would go to; null: none. Refuses a contact that is none. */
  const targetOf = async (on: Reader, owner: Owner, input: Given): Promise<Target | null> => {
    const { forward_to, sip_uri, contact_id } = input.good
    if (forward_to === 'contact' && contact_id !== null) {
      const contact = await store.contact(on, owner.id, contact_id)
      const space = contact === null ? null : await spaces.byDomain(contact.domain)
      if (space === null) input.refuse('contact_id', { id: 'v.not_a_contact' })
      return space === null ? null : { space, id: contact_id, field: 'contact_id' }
    }
    const address = forward_to === 'sip_uri' && sip_uri !== null ? addressOf(sip_uri) : null
    const space = address === null ? null : await spaces.byDomain(address.domain)
    if (address === null || space === null) return null
    const id = await store.accountNamed(on, { space }, address.user)
    return id === null ? null : { space, id, field: 'sip_uri' }
  }

  /** Calls for the other account go on to this one. */
  const leadsBack = async (on: Reader, other: Owner, { space, id }: Owner): Promise<boolean> => {
    const { account } = await accounts.view(on, space, id)
    return (await store.of(on, other.id)).some((rule) => {
      const uri = rule.enabled ? destination(rule) : null
      const to = uri === null ? null : addressOf(uri)
      return to !== null && to.user === account.username.toLowerCase() && to.domain === account.domain
    })
  }

  const checkShape = (input: Given): void => {
    const { forward_to, sip_uri } = input.good
    if (forward_to === 'sip_uri' && input.isMissing('sip_uri')) input.refuse('sip_uri', { id: 'v.required' })
    if (forward_to === 'contact' && input.isMissing('contact_id')) input.refuse('contact_id', { id: 'v.required' })
    if (sip_uri !== null && !isSipUri(sip_uri)) input.refuse('sip_uri', { id: 'v.sip_uri' })
  }

  /** What depends on other rules and on the address book. `before`: the rule that changes; null: a new one. */
  const check = async (on: Reader, owner: Owner, input: Given, before: CallForwarding | null) => {
    const { good } = input
    const rules = await store.of(on, owner.id)
    const said = good.type === null ? null : typeOf(good.type)
    if (before !== null && said !== null && said !== before.type) input.refuse('type', { id: 'v.fixed' })
    if (before === null && rules.some((rule) => rule.type === said)) input.refuse('type', { id: 'v.taken' })
    const type = before?.type ?? said
    const isExcluded = rules.some((rule) => type !== null && rule.enabled && excludes(type, rule.type))
    if (good.enabled && isExcluded) input.refuse('enabled', { id: 'v.forwarding_excluded' })
    const target = await targetOf(on, owner, input)
    if (target === null) return null
    if (target.id === owner.id) input.refuse(target.field, { id: 'v.forwarding_self' })
    else if (good.enabled && (await leadsBack(on, target, owner))) {
      input.refuse(target.field, { id: 'v.forwarding_loop' })
    }
    return target
  }

  /**
   * Replaces all but the type. Looks twice: for an answer before anything is held, and for the one that counts.
   */
  const save = async (
    visit: Visit,
    owner: Owner,
    input: Given,
    ruleId: number | null,
    madeFrom: MadeFrom = refuseNothing,
  ): Promise<CallForwarding> => {
    const seen = ruleId === null ? null : await find(db.read, owner, ruleId)
    checkShape(input)
    const target = await check(db.read, owner, input, seen)
    input.settle()
    // Both are held: two accounts that forward to each other at the same time do so one after the other.
    return accounts.edit(
      visit,
      owner,
      { field: 'call_forwardings', ...(ruleId === null ? {} : { object: ruleId }) },
      async (tx) => {
        const before = ruleId === null ? null : await find(tx, owner, ruleId)
        if (before !== null) madeFrom.refuseStale(before)
        if (target?.field === 'contact_id') await store.holdLists(tx, owner.id, target.id)
        await check(tx, owner, input, before)
        const { type, forward_to, sip_uri, contact_id, enabled } = input.settle()
        const kind = before?.type ?? (type === null ? null : typeOf(type))
        if (kind === null) throw invalid('type', 'v.required')
        const wanted = {
          type: kind,
          forwardTo: forward_to,
          sipUri: sip_uri,
          contactId: forward_to === 'contact' ? contact_id : null,
          enabled,
        }
        const written =
          before === null
            ? await store.insert(tx, owner.id, wanted, now())
            : await store.update(tx, before.id, wanted, now())
        if (written === null) throw before === null ? invalid('type', 'v.taken') : unknown()
        return find(tx, owner, written)
      },
      target ?? owner,
    )
  }

  return {
    /** The Space's account of that id. */
    ownerOf: async (space: Space, id: number): Promise<Owner> => ({
      space,
      id: (await accounts.byId(space, id)).account.id,
    }),
    /** The newest first; three at most. */
    list: ({ id }: Owner): Promise<CallForwarding[]> => store.of(db.read, id),
    one: (owner: Owner, id: number): Promise<CallForwarding> => find(db.read, owner, id),
    create: (visit: Visit, owner: Owner, input: Input<typeof NewForwarding>) => save(visit, owner, input, null),
    change: (visit: Visit, owner: Owner, id: number, input: Input<typeof ChangedForwarding>, madeFrom?: MadeFrom) =>
      save(visit, owner, input, id, madeFrom),
    /** On or off, wherever it sends calls now; what is on already excludes it as in `change`. It can always be turned off. */
    turn: async (visit: Visit, owner: Owner, id: number, input: Input<typeof TurnedForwarding>): Promise<void> => {
      const { enabled } = input.settle()
      const rule = await find(db.read, owner, id)
      if (enabled) {
        const { forwardTo: forward_to, sipUri: sip_uri, contactId: contact_id } = rule
        await save(
          visit,
          owner,
          read(ChangedForwarding, { forward_to, sip_uri, contact_id, enabled }),
          id,
          asSeen(rule),
        )
        return
      }
      await accounts.edit(visit, owner, { field: 'call_forwardings', object: id }, async (tx) => {
        await find(tx, owner, id)
        await store.disable(tx, id, now())
      })
    },
    remove: async (visit: Visit, owner: Owner, id: number): Promise<void> => {
      await accounts.edit(visit, owner, { field: 'call_forwardings', object: id }, async (tx) => {
        if ((await store.remove(tx, owner.id, id)) === null) throw unknown()
      })
    },
    /**
     * Those that a Flexisip can read: one that says no valid destination, be it disabled, has it discard the whole
     * account (compatibility.md §2.6).
     */
    readable: async ({ id }: Pick<Owner, 'id'>): Promise<CallForwarding[]> =>
      (await store.of(db.read, id)).filter((rule) => rule.forwardTo === 'voicemail' || destination(rule) !== null),
  }
}

export type CallForwardings = ReturnType<typeof callForwardings>
