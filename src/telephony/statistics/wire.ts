import { anything, integer, text } from '../../http/input.ts'
import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import { listOf, moment, orNull, record } from '../../http/output.ts'
import type { Call, CallDevice, Conference, MessageDevice } from './store.ts'

const stamps = { created_at: moment(), updated_at: moment() }

export const MessageDeviceSchema = record('StatisticsMessageDevice', {
  id: integer(1),
  message_id: text(),
  to_username: text(),
  to_domain: text(),
  device_id: text(),
  last_status: integer(0),
  received_at: moment(),
  ...stamps,
})

export const messageDeviceWire = (device: MessageDevice) => ({
  id: device.id,
  message_id: device.messageId,
  to_username: device.toUsername,
  to_domain: device.toDomain,
  device_id: device.deviceId,
  last_status: device.lastStatus,
  received_at: isoMoment(device.receivedAt),
  created_at: isoMoment(device.createdAt),
  updated_at: isoMoment(device.updatedAt),
})

export const CallDeviceSchema = record('StatisticsCallDevice', {
  id: integer(1),
  call_id: text(),
  device_id: text(),
  rang_at: orNull(moment()),
  invite_terminated_at: orNull(moment()),
  invite_terminated_state: orNull(text()),
  ...stamps,
})

export const callDeviceWire = (device: CallDevice) => ({
  id: device.id,
  call_id: device.callId,
  device_id: device.deviceId,
  rang_at: isoMomentOrNull(device.rangAt),
  invite_terminated_at: isoMomentOrNull(device.inviteTerminatedAt),
  invite_terminated_state: device.inviteTerminatedState,
  created_at: isoMoment(device.createdAt),
  updated_at: isoMoment(device.updatedAt),
})

export const CallSchema = record('StatisticsCall', {
  id: text(),
  from_username: text(),
  from_domain: text(),
  to_username: text(),
  to_domain: text(),
  initiated_at: moment(),
  ended_at: orNull(moment()),
  conference_id: orNull(text()),
  ...stamps,
  devices: listOf(CallDeviceSchema),
})

/** A call with its devices (behaviour/statistics.md §4). */
export const callWire = (call: Call, devices: readonly CallDevice[]) => ({
  id: call.id,
  from_username: call.fromUsername,
  from_domain: call.fromDomain,
  to_username: call.toUsername,
  to_domain: call.toDomain,
  initiated_at: isoMoment(call.initiatedAt),
  ended_at: isoMomentOrNull(call.endedAt),
  conference_id: call.conferenceId,
  created_at: isoMoment(call.createdAt),
  updated_at: isoMoment(call.updatedAt),
  devices: devices.map(callDeviceWire),
})

export const ConferenceSchema = record('StatisticsConference', {
  id: text(),
  created_at: moment(),
  ended_at: orNull(moment()),
  schedule: orNull(anything()),
  updated_at: moment(),
})

export const conferenceWire = (conference: Conference) => ({
  id: conference.id,
  created_at: isoMoment(conference.createdAt),
  ended_at: isoMomentOrNull(conference.endedAt),
  schedule: conference.schedule === null ? null : JSON.parse(conference.schedule.text),
  updated_at: isoMoment(conference.updatedAt),
})
