import { isOrphan } from '../../db/collision.ts'
import type { Db, Tx } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import {
  anything,
  choice,
  flag,
  form,
  type Input,
  instant,
  integer,
  optional,
  parsed,
  read,
  text,
} from '../../http/input.ts'
import { described } from '../../http/output.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { WebhookNews } from '../../webhooks/news.ts'
import { hours as hoursOf } from './hours.ts'
import { hoursStore } from './hours-store.ts'
import { isSameParty, type Party, partyOf } from './parties.ts'
import { type Call, type CallDevice, type Conference, type MessageDevice, statisticsStore } from './store.ts'
import { callWire } from './wire.ts'

export { type Party, partyOf } from './parties.ts'
export type { Call, CallDevice, Conference, MessageDevice } from './store.ts'

const LONGEST_ID = 64
const LONGEST_PARTY = 256
const LONGEST_DEVICE_ID = 255
const LONGEST_CONFERENCE_ID = 255
const LONGEST_SCHEDULE = 4096
/** Devices that a call is announced with; more are made when they are heard of. */
const MOST_ANNOUNCED = 100

const id = () => text({ max: LONGEST_ID, numbers: true })
const party = () => parsed(LONGEST_PARTY, 'v.party', 'alice@sip.example.org', partyOf)
const conferenceId = () => optional(text({ max: LONGEST_CONFERENCE_ID }))

/** What Flexisip reports (behaviour/statistics.md). */
export const NewMessage = form({
  id: id(),
  from: party(),
  sent_at: instant(),
  encrypted: flag(),
  conference_id: conferenceId(),
})
export const MessageDelivery = form({ last_status: integer(0), received_at: instant() })
export const NewCall = form({
  id: id(),
  from: party(),
  to: party(),
  initiated_at: instant(),
  ended_at: optional(instant()),
  conference_id: conferenceId(),
  devices: optional(described(anything(), 'Ids of devices: a list, or an object that has them as names.')),
})
export const CallEnd = form({ ended_at: instant() })

export const STATES = ['accepted', 'accepted_elsewhere', 'declined', 'declined_elsewhere', 'canceled', 'error'] as const
const Termination = form({ at: optional(instant()), state: optional(choice(STATES)) })
export const CallDeviceNews = form({
  rang_at: optional(instant()),
  invite_terminated: optional(described(anything(), `\`at\` and \`state\`, which is one of ${STATES.join(', ')}.`)),
})

export const NewConference = form({
  id: text({ max: LONGEST_CONFERENCE_ID, numbers: true }),
  created_at: instant(),
  ended_at: optional(instant()),
  schedule: optional(described(anything(), 'Kept as it is.')),
})
export const ConferenceNews = form({
  created_at: optional(instant()),
  ended_at: optional(instant()),
  schedule: optional(described(anything(), 'Kept as it is.')),
})

/** The devices that a call is announced with: a list of their ids, or an object that has them as names. */
const announcedDevices = (given: unknown): string[] => {
  if (typeof given !== 'object' || given === null) return []
  const names: readonly unknown[] = Array.isArray(given) ? given : Object.keys(given)
  const ids = names.filter((name) => typeof name === 'string').map((name) => name.trim())
  return [...new Set(ids)]
    .filter((name) => name !== '' && [...name].length <= LONGEST_DEVICE_ID)
    .slice(0, MOST_ANNOUNCED)
}

/** A device as a path names it: whatever Flexisip calls it, with quotes and angle brackets. */
const DeviceInPath = form({ device_id: text({ max: LONGEST_DEVICE_ID }) })
const RecipientInPath = form({ to: party(), device_id: text({ max: LONGEST_DEVICE_ID }) })

const blankAsNull = (members: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(members).map(([name, value]) => [name, value.trim() || null]))

/** What the SIP proxy reports of calls, messages and conferences (behaviour/statistics.md). */
export const statistics = ({ db, webhookNews, now }: { db: Db; webhookNews: WebhookNews; now: () => Date }) => {
  const store = statisticsStore(db)
  const hours = hoursOf(hoursStore(db), db.spread)

  /** Super administrators report for every domain; others when somebody of their Space was part of it. */
  const refuseForeign = (caller: Caller, ...parties: readonly Pick<Party, 'domain'>[]): void => {
    const isOwn = parties.some(({ domain }) => domain === caller.space.domain)
    if (!isOwn && !mayActAs(caller, 'super')) throw new AppError('forbidden', 'statistics.foreign')
  }
  const duplicate = () => new AppError('malformed', 'statistics.duplicate')
  const noMessage = () => new AppError('malformed', 'statistics.no_message')
  const noCall = () => new AppError('malformed', 'statistics.no_call')

  const addMessage = async (caller: Caller, input: Input<typeof NewMessage>): Promise<void> => {
    const { id, from, sent_at, encrypted, conference_id: conferenceId } = input.settle()
    refuseForeign(caller, from)
    const [fromUsername, fromDomain, sentAt] = [from.username, from.domain, sent_at.at]
    await db.transaction(async (tx) => {
      const row = { id, fromUsername, fromDomain, sentAt, encrypted, conferenceId }
      if (!(await store.insertMessage(tx, row, now()))) throw duplicate()
      await hours.add(tx, { kind: 'messages', id, at: sentAt, from: fromDomain, to: [] })
    })
  }

  /** The first that is heard of a recipient's device, or more of it. */
  const deliver = async (
    caller: Caller,
    path: { readonly message_id: string; readonly to: string; readonly device_id: string },
    input: Input<typeof MessageDelivery>,
  ): Promise<{ device: MessageDevice; isNew: boolean }> => {
    const { last_status: lastStatus, received_at } = input.settle()
    const { to, device_id: deviceId } = read(RecipientInPath, blankAsNull({ ...path })).settle()
    const delivery = { messageId: path.message_id, to, deviceId }
    const said = { lastStatus, receivedAt: received_at.at }
    return db.transaction(async (tx) => {
      const message = await store.holdMessage(tx, delivery.messageId)
      if (message === null) throw noMessage()
      const { id, sentAt, fromDomain: from } = message
      refuseForeign(caller, to, { domain: from })
      const told = await store.told(tx, delivery)
      const added = await store.insertDelivery(tx, delivery, { ...said, sentAt, isFirst: !told.recipient }, now())
      if (added === null) return { device: await store.updateDelivery(tx, delivery, said, now()), isNew: false }
      if (!told.domain) await hours.addRecipient(tx, { kind: 'messages', id, at: sentAt, from, to: [] }, to.domain)
      return { device: added, isNew: true }
    })
  }

  /** Webhooks of both sides hear how a call went, once each. */
  const tellEnded = async (tx: Tx, call: Call): Promise<void> => {
    const describe = async () => callWire(call, await store.callDevices(tx, [call.id]))
    for (const domain of new Set([call.fromDomain, call.toDomain])) {
      await webhookNews.tell(tx, 'call.ended', { domain, subject: `call ${call.id}` }, describe)
    }
  }

  const addCall = async (caller: Caller, input: Input<typeof NewCall>): Promise<void> => {
    const { id, from, to, initiated_at, ended_at, conference_id: conferenceId, devices } = input.settle()
    refuseForeign(caller, from, to)
    const row = {
      id,
      fromUsername: from.username,
      fromDomain: from.domain,
      toUsername: to.username,
      toDomain: to.domain,
      initiatedAt: initiated_at.at,
      endedAt: ended_at?.at ?? null,
      conferenceId,
      toSelf: isSameParty(from, to),
      toOwnDomain: from.domain === to.domain,
    }
    await db.transaction(async (tx) => {
      if (!(await store.insertCall(tx, row, now()))) throw duplicate()
      const silent = { rangAt: null, inviteTerminatedAt: null, inviteTerminatedState: null }
      for (const deviceId of announcedDevices(devices)) {
        await store.insertCallDevice(tx, { callId: id, deviceId, ...silent }, now())
      }
      await hours.add(tx, { kind: 'calls', id, at: row.initiatedAt, from: row.fromDomain, to: [row.toDomain] })
      const call = row.endedAt === null ? null : await store.call(tx, id)
      if (call !== null) await tellEnded(tx, call)
    })
  }

  /** The call as it is now, which the caller may change; null: there is none. */
  const ownCall = async (tx: Tx, caller: Caller, id: string): Promise<Call | null> => {
    const call = await store.call(tx, id)
    if (call !== null) refuseForeign(caller, { domain: call.fromDomain }, { domain: call.toDomain })
    return call
  }

  const endCall = async (
    caller: Caller,
    id: string,
    input: Input<typeof CallEnd>,
  ): Promise<{ call: Call; devices: readonly CallDevice[] }> => {
    const { ended_at } = input.settle()
    return db.transaction(async (tx) => {
      const isKnown = (await ownCall(tx, caller, id)) !== null
      const ended = isKnown ? await store.endOpenCall(tx, id, ended_at.at, now()) : null
      const call = isKnown ? (ended ?? (await store.endCall(tx, id, ended_at.at, now()))) : null
      if (call === null) throw new AppError('not_found', 'statistics.no_call')
      if (ended !== null) await tellEnded(tx, ended)
      return { call, devices: await store.callDevices(tx, [id]) }
    })
  }

  /** When and how the INVITE of a device ended: both are said, or none. */
  const terminationIn = (input: Input<typeof CallDeviceNews>) => {
    const given = input.good.invite_terminated
    if (given === null) return {}
    if (typeof given !== 'object' || Array.isArray(given)) {
      input.refuse('invite_terminated', { id: 'v.unknown_shape' })
      return {}
    }
    const nested = read(Termination, given as Readonly<Record<string, unknown>>)
    const inside = (name: 'at' | 'state') => `invite_terminated.${name}`
    if (nested.isMissing('at')) input.refuse(inside('at'), { id: 'v.required' })
    else if (nested.good.at === null) input.refuse(inside('at'), { id: 'v.instant' })
    if (nested.isMissing('state')) input.refuse(inside('state'), { id: 'v.required' })
    else if (nested.good.state === null) {
      input.refuse(inside('state'), { id: 'v.choice', values: { choices: STATES.join(', ') } })
    }
    return { inviteTerminatedAt: nested.good.at?.at ?? null, inviteTerminatedState: nested.good.state }
  }

  /** What is not said stays, so that news may come in any order. */
  const hearOfDevice = async (
    caller: Caller,
    path: { readonly call_id: string; readonly device_id: string },
    input: Input<typeof CallDeviceNews>,
  ): Promise<{ device: CallDevice; isNew: boolean }> => {
    const termination = terminationIn(input)
    const { rang_at } = input.settle()
    const said = { ...(rang_at === null ? {} : { rangAt: rang_at.at }), ...termination }
    const { device_id: deviceId } = read(DeviceInPath, blankAsNull({ ...path })).settle()
    const key = { callId: path.call_id, deviceId }
    const silent = { rangAt: null, inviteTerminatedAt: null, inviteTerminatedState: null }
    const write = async (tx: Tx) => {
      if ((await ownCall(tx, caller, key.callId)) === null) throw noCall()
      const added = await store.insertCallDevice(tx, { ...key, ...silent, ...said }, now())
      if (added !== null) return { device: added, isNew: true }
      const device = await store.updateCallDevice(tx, key, said, now())
      if (device === null) throw noCall()
      return { device, isNew: false }
    }
    return db.transaction(write).catch((error: unknown) => {
      // The call went with its caller's account, between our look and our write.
      throw isOrphan(error) ? noCall() : error
    })
  }

  const scheduleIn = (input: Input<typeof NewConference> | Input<typeof ConferenceNews>): Conference['schedule'] => {
    const { schedule = null } = input.good
    const text = JSON.stringify(schedule)
    if (text.length > LONGEST_SCHEDULE) {
      input.refuse('schedule', { id: 'v.max_bytes', values: { max: LONGEST_SCHEDULE } })
    }
    return schedule === null ? null : { text }
  }

  const addConference = async (input: Input<typeof NewConference>): Promise<void> => {
    const schedule = scheduleIn(input)
    const { id, created_at, ended_at } = input.settle()
    const at = now()
    const row = { id, createdAt: created_at.at, endedAt: ended_at?.at ?? null, schedule, reportedAt: at, updatedAt: at }
    await db.transaction(async (tx) => {
      if (!(await store.insertConference(tx, row))) throw duplicate()
    })
  }

  const changeConference = async (id: string, input: Input<typeof ConferenceNews>): Promise<Conference> => {
    const schedule = scheduleIn(input)
    const { created_at, ended_at } = input.settle()
    const said = {
      ...(created_at === null ? {} : { createdAt: created_at.at }),
      ...(ended_at === null ? {} : { endedAt: ended_at.at }),
      ...(schedule === null ? {} : { schedule }),
    }
    const conference = await db.transaction((tx) => store.updateConference(tx, id, said, now()))
    if (conference === null) throw new AppError('not_found', 'statistics.no_conference')
    return conference
  }

  return {
    addMessage,
    deliver,
    addCall,
    endCall,
    hearOfDevice,
    addConference,
    changeConference,
    /** Counts calls and messages that were written otherwise than by reports, in the transaction of their rows. */
    count: hours.add,
  }
}

export type Statistics = ReturnType<typeof statistics>
