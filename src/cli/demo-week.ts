import type { assemble } from '../process.ts'
import { sipUri } from '../protocols/sip-address.ts'
import {
  DEMO_BLOCKED,
  DEMO_FORWARDINGS,
  DEMO_LEFT,
  DEMO_SPACES,
  DEMO_VOICEMAILS,
  type DemoPerson,
  type DemoSpace,
} from './demo-cast.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
export const DEMO_DAYS = 7

/** How many calls begin in each hour of a working day: nobody in the night, less at noon. */
const CALLS_BY_HOUR = [0, 0, 0, 0, 0, 0, 1, 3, 8, 12, 11, 9, 4, 6, 11, 12, 9, 6, 3, 2, 1, 0, 0, 0]
const WEEKEND_SHARE = 0.2

type Assembled = ReturnType<typeof assemble>

/** Asks the API as the administrator of a Space, from an address of its own. */
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
type Ask = (method: string, path: string, body?: unknown) => Promise<any>

export interface DemoAdministrator {
  readonly space: DemoSpace
  readonly host: string
  readonly apiKey: string
  /** For the account of that user name. */
  readonly passwordOf: (username: string) => string
}

/** What happens at a moment of the week. */
interface Happening {
  readonly at: number
  readonly happens: () => Promise<unknown>
}

/** The same numbers at every start (mulberry32). */
const numbers = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** A voice message: RIFF/WAVE, 8 kHz, mono, 16 bit, soft beeps. */
const recording = (seconds: number): Uint8Array<ArrayBuffer> => {
  const samples = seconds * 8000
  const bytes = Buffer.alloc(44 + samples * 2)
  bytes.write('RIFF\0\0\0\0WAVEfmt ', 'latin1')
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(8000, 24)
  bytes.writeUInt32LE(16_000, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(samples * 2, 40)
  for (let sample = 0; sample < samples; sample++) {
    const isLoud = sample % 8000 < 3000
    bytes.writeInt16LE(isLoud ? Math.round(Math.sin(sample * 0.35) * 2500) : 0, 44 + sample * 2)
  }
  return new Uint8Array(bytes)
}

/** A door to the API that needs no socket. */
export const askOf = (
  { front }: Assembled,
  { host, apiKey }: Pick<DemoAdministrator, 'host' | 'apiKey'>,
  address: string,
): Ask => {
  return async (method, path, body) => {
    const isForm = body instanceof FormData
    const headers = { host, 'x-api-key': apiKey, 'user-agent': 'sipkeeper demo' }
    const request = new Request(`http://${host}/api${path}`, {
      method,
      headers: body === undefined || isForm ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    })
    const reply = await front.fetch(request, { requestIP: () => ({ address }), port: 80 })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`The demonstration cannot be made: ${method} ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }
}

/** Accounts, lists and contacts of a Space: one after the other, as somebody makes them on a morning. */
const peopleOf = (
  { space, passwordOf }: DemoAdministrator,
  ask: Ask,
  morning: number,
  ids: Map<string, number>,
): Happening[] => {
  const idOf = ({ username }: { readonly username: string }) => ids.get(username) ?? 0
  const made = space.people.map((person, index) => ({
    at: morning + index * 3 * MINUTE_MS,
    happens: async () => {
      const { username, name, email, phone, extension, isWaiting, isAdministrator } = person
      const password = passwordOf(username)
      const account = await ask('POST', '/accounts', {
        ...{
          username,
          password,
          algorithm: 'SHA-256',
          email,
          display_name: name,
          activated: !isWaiting,
          admin: isAdministrator,
        },
        ...(phone === null ? {} : { phone }),
        dictionary: { extension },
      })
      ids.set(username, account.id)
    },
  }))
  const listed = space.lists.map(([title, description, every], index) => ({
    at: morning + 3 * HOUR_MS + index * 11 * MINUTE_MS,
    happens: async () => {
      const { id } = await ask('POST', '/contacts_lists', { title, description })
      const members = space.people.filter((_, position) => position % every === 0)
      for (const member of members) await ask('POST', `/contacts_lists/${id}/contacts/${idOf(member)}`)
      for (const reader of members.slice(0, 6)) await ask('POST', `/accounts/${idOf(reader)}/contacts_lists/${id}`)
    },
  }))
  const known = space.people.slice(0, 5).map((person, index) => ({
    at: morning + DAY_MS + index * 7 * MINUTE_MS,
    happens: async () => {
      const others = space.people.filter((other) => other !== person).slice(index, index + 5)
      for (const other of others) await ask('POST', `/accounts/${idOf(person)}/contacts/${idOf(other)}`)
    },
  }))
  return [...made, ...listed, ...known]
}

/** What the customer's administrator does in the days after. */
const changesOf = (ask: Ask, midnight: number, ids: ReadonlyMap<string, number>): Happening[] => {
  const later = (day: number, hour: number, happens: () => Promise<unknown>): Happening => ({
    at: midnight + day * DAY_MS + hour * HOUR_MS,
    happens,
  })
  const of = (username: string) => `/accounts/${ids.get(username)}`
  return [
    ...DEMO_FORWARDINGS.map(([username, rule], index) =>
      later(2, 8 + index / 4, () => ask('POST', `${of(username)}/call_forwardings`, rule)),
    ),
    ...DEMO_BLOCKED.map((username, index) => later(3 + index, 15, () => ask('POST', `${of(username)}/block`))),
    ...DEMO_LEFT.map((username, index) => later(4 + index, 17, () => ask('POST', `${of(username)}/deactivate`))),
    ...DEMO_VOICEMAILS.map(([username, sip_from, seconds, day, hour]) =>
      later(day, hour, async () => {
        const slot = await ask('POST', `${of(username)}/voicemails`, { sip_from, content_type: 'audio/wav' })
        const form = new FormData()
        form.append('file', new File([recording(seconds)], 'message.wav', { type: 'audio/wav' }))
        await ask('POST', new URL(slot.upload_url).pathname.replace(/^\/api/, ''), form)
      }),
    ),
  ]
}

type Numbers = ReturnType<typeof numbers>

/** A call as a SIP proxy reports it: it rings, and somebody takes it, or does not. */
const call = async (ask: Ask, at: number, id: string, between: readonly [from: string, to: string], pick: Numbers) => {
  const [from, to] = between
  const state = (['accepted', 'accepted', 'accepted', 'canceled', 'declined'] as const)[pick(5)] ?? 'accepted'
  const answered = at + (4 + pick(16)) * 1000
  const ended = state === 'accepted' ? answered + (20 + pick(600)) * 1000 : answered
  const [initiated_at, ended_at] = [at, ended].map((moment) => new Date(moment).toISOString())
  const device = `"<urn:uuid:00000000-0000-4000-8000-${String(pick(1e6)).padStart(12, '0')}>"`
  await ask('POST', '/statistics/calls', { id, from, to, initiated_at, ended_at, devices: [device] })
  await ask('PATCH', `/statistics/calls/${id}/devices/${encodeURIComponent(device)}`, {
    rang_at: new Date(at + 1000).toISOString(),
    invite_terminated: { at: new Date(answered).toISOString(), state },
  })
}

/** What a SIP proxy reports of one day until `now`: calls by the hour, and a message or two for each. */
const trafficOf = (space: DemoSpace, ask: Ask, midnight: number, now: number, pick: Numbers): Happening => {
  const share = [0, 6].includes(new Date(midnight).getUTCDay()) ? WEEKEND_SHARE : 1
  const callers = space.people.filter(({ isWaiting }) => !isWaiting)
  const uriOf = ({ username }: DemoPerson) => sipUri(username, space.domain)
  const anybody = () => callers[pick(callers.length)] ?? (callers[0] as DemoPerson)
  const reports: (() => Promise<unknown>)[] = []
  for (const [hour, most] of CALLS_BY_HOUR.entries()) {
    for (let index = 0; index < Math.round(most * share * (space.isSuper ? 0.3 : 1)); index++) {
      const at = midnight + hour * HOUR_MS + pick(HOUR_MS)
      const from = anybody()
      const other = anybody()
      const isOutside = pick(4) === 0 || other === from
      const to = isOutside ? `sip:+331990012${10 + pick(80)}@carrier.example` : uriOf(other)
      const id = `${space.isSuper ? 'a' : 'b'}${midnight / DAY_MS}-${hour}-${index}`
      if (at + 15 * MINUTE_MS > now) continue
      reports.push(() => call(ask, at, `call-${id}`, [uriOf(from), to], pick))
      if (pick(3) > 0) {
        const sent_at = new Date(at + pick(10) * MINUTE_MS).toISOString()
        const message = { id: `message-${id}`, from: uriOf(other), sent_at, encrypted: pick(2) === 0 }
        reports.push(() => ask('POST', '/statistics/messages', message))
      }
    }
  }
  // Together: they are written in few commits.
  return { at: Math.min(midnight + DAY_MS - 1, now), happens: () => Promise.all(reports.map((report) => report())) }
}

/**
 * Fills an empty installation through its API, as people and a SIP proxy would in the week that ends `now`. `setClock`
 * is told what time it is on the way, which only goes forward.
 */
export const fillDemo = async (
  assembled: Assembled,
  administrators: readonly DemoAdministrator[],
  { now, setClock }: { readonly now: number; readonly setClock: (at: Date) => void },
): Promise<void> => {
  const first = Math.floor(now / DAY_MS) * DAY_MS - DEMO_DAYS * DAY_MS
  const pick = numbers(DEMO_SPACES.length)
  const happenings = administrators.flatMap((administrator, index) => {
    const { space } = administrator
    const ids = new Map<string, number>()
    const ask = askOf(assembled, administrator, `192.0.2.${10 + index}`)
    const days = Array.from({ length: DEMO_DAYS + 1 }, (_, day) => first + day * DAY_MS)
    return [
      ...peopleOf(administrator, ask, first + (8 + index / 2) * HOUR_MS, ids),
      ...(space.isSuper ? [] : changesOf(ask, first, ids)),
      ...days.map((midnight) => trafficOf(space, ask, midnight, now, pick)),
    ]
  })
  for (const { at, happens } of happenings.toSorted((one, other) => one.at - other.at)) {
    setClock(new Date(at))
    await happens()
  }
}
