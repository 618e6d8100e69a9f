import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Db } from '../../db/db.ts'
import { choice, form, type Input, instant, optional } from '../../http/input.ts'
import type { Visit } from '../../nouns/visit.ts'
import { sipUri } from '../../protocols/sip-address.ts'
import { callLogStore } from './call-log-store.ts'
import type { Party } from './parties.ts'
import { type Call, type CallDevice, statisticsStore } from './store.ts'
import type { Period, Whose } from './whose.ts'

export const CALLS_PAGE = 30
/** Calls that are read at once for an export. */
const EXPORT_PIECE = 500

/** `page` is read elsewhere: whatever is no page number means page 1. */
export const CallFilter = form({
  from: optional(instant()),
  to: optional(instant()),
  direction: optional(choice(['incoming', 'outgoing'])),
})

export interface LoggedCall {
  readonly call: Call
  readonly devices: readonly CallDevice[]
}

export interface CallPage {
  /** Of all pages. */
  readonly total: number
  readonly calls: readonly LoggedCall[]
}

export type Outcome = 'accepted' | 'declined' | 'canceled' | 'error'

/** What became of a call, whichever device said so. */
export const outcomeOf = (devices: readonly Pick<CallDevice, 'inviteTerminatedState'>[]): Outcome => {
  const has = (...states: readonly string[]) =>
    devices.some(({ inviteTerminatedState: state }) => state !== null && states.includes(state))
  if (has('accepted', 'accepted_elsewhere')) return 'accepted'
  if (has('declined', 'declined_elsewhere')) return 'declined'
  return has('canceled') ? 'canceled' : 'error'
}

/** null: it goes on, or its end was not reported. */
export const durationSeconds = ({ initiatedAt, endedAt }: Pick<Call, 'initiatedAt' | 'endedAt'>): number | null =>
  endedAt === null ? null : Math.max(0, Math.round((endedAt.getTime() - initiatedAt.getTime()) / 1000))

const CSV_HEADER = 'from,to,initiated_at,ended_at,duration_seconds,outcome\n'

/** An address begins with its scheme, so that no spreadsheet takes `+33…` or `=…` for a formula. */
const csvAddress = (username: string, domain: string): string =>
  `"${sipUri(username, domain)
    .replaceAll('"', '""')
    .replaceAll(/\p{Cc}/gu, ' ')}"`

const csvLine = ({ call, devices }: LoggedCall): string => {
  const cells = [
    csvAddress(call.fromUsername, call.fromDomain),
    csvAddress(call.toUsername, call.toDomain),
    call.initiatedAt.toISOString(),
    call.endedAt?.toISOString() ?? '',
    durationSeconds(call) ?? '',
    outcomeOf(devices),
  ]
  return `${cells.join(',')}\n`
}

/** The calls that were reported, for whom they concern (behaviour/statistics.md §4). */
export const callLog = ({ db, accounts }: { db: Db; accounts: Accounts }) => {
  const store = callLogStore(db)
  const { callDevices } = statisticsStore(db)

  const withDevices = async (calls: readonly Call[]): Promise<LoggedCall[]> => {
    if (calls.length === 0) return []
    const devices = Map.groupBy(
      await callDevices(
        db.read,
        calls.map(({ id }) => id),
      ),
      ({ callId }) => callId,
    )
    return calls.map((call) => ({ call, devices: devices.get(call.id) ?? [] }))
  }

  /** One page of 30, 1-based, the newest calls first; beyond the end it is empty. */
  const page = async (whose: Whose, period: Period, number: number): Promise<CallPage> => {
    const [total, position] = [await store.count(db.read, whose, period), (number - 1) * CALLS_PAGE]
    const found = position < total ? await store.slice(db.read, whose, period, position, CALLS_PAGE) : []
    return { total, calls: await withDevices(found) }
  }

  const asked = ({ username, domain }: Party, input: Input<typeof CallFilter>): readonly [Whose, Period] => {
    const { from, to, direction } = input.settle()
    const party = { username, domain }
    return [
      { of: 'party', party, direction },
      { from: from?.at ?? null, until: to?.until ?? null },
    ]
  }

  /** All of them as CSV (RFC 4180 with bare line feeds), in pieces, the newest first, under a line of names. */
  async function* csv(whose: Whose, period: Period): AsyncGenerator<string> {
    yield CSV_HEADER
    let calls = await store.slice(db.read, whose, period, 0, EXPORT_PIECE)
    for (let last = calls.at(-1); last !== undefined; last = calls.at(-1)) {
      yield (await withDevices(calls)).map(csvLine).join('')
      calls = await store.after(db.read, whose, period, last, EXPORT_PIECE)
    }
  }

  return {
    page,
    csv,
    /** Those from somebody or to them. Whoever asks has looked at who may see them. */
    ofParty: (party: Party, input: Input<typeof CallFilter>, number: number): Promise<CallPage> =>
      page(...asked(party, input), number),
    /** Those of an account of the Space. */
    ofAccount: async (visit: Visit, id: number, input: Input<typeof CallFilter>, number: number): Promise<CallPage> => {
      const { account } = await accounts.byId(visit.space, id)
      return page(...asked(account, input), number)
    },
    csvOfParty: (party: Party, input: Input<typeof CallFilter>): AsyncGenerator<string> => csv(...asked(party, input)),
    /** Their newest ones, as many. */
    newest: async ({ username, domain }: Party, most: number): Promise<LoggedCall[]> => {
      const whose = { of: 'party', party: { username, domain }, direction: null } as const
      return withDevices(await store.slice(db.read, whose, { from: null, until: null }, 0, most))
    },
  }
}

export type CallLog = ReturnType<typeof callLog>
