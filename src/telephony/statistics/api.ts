import { Elysia } from 'elysia'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { accepts, queried, read } from '../../http/input.ts'
import { answers, done, refuses } from '../../http/output.ts'
import { envelopeSchema, paged, pageEnvelope, pageOf } from '../../http/pagination.ts'
import { idOf } from '../../http/path.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../nouns/visit.ts'
import { CALLS_PAGE, CallFilter, type CallLog, type CallPage } from './call-log.ts'
import {
  CallDeviceNews,
  CallEnd,
  ConferenceNews,
  MessageDelivery,
  NewCall,
  NewConference,
  NewMessage,
  type Statistics,
} from './statistics.ts'
import {
  CallDeviceSchema,
  CallSchema,
  ConferenceSchema,
  callDeviceWire,
  callWire,
  conferenceWire,
  MessageDeviceSchema,
  messageDeviceWire,
} from './wire.ts'

/** Keys of SIP proxies may do no more than this. */
const REPORTING = { role: 'admin', scopes: ['telephony'] } as const

/** What the SIP proxy reports (behaviour/statistics.md §2 and behaviour/statistics.md §3). It drops what it cannot deliver at once. */
export const statisticsApi = (deps: { auth: Auth; statistics: Statistics }) => {
  const { auth, statistics } = deps
  return new Elysia({ prefix: '/api/statistics', tags: ['Statistics'] })
    .use(auth)
    .post(
      '/messages',
      async ({ visit, caller }) => {
        await statistics.addMessage(caller, read(NewMessage, visit.input))
        return json(1)
      },
      {
        requires: REPORTING,
        detail: {
          summary: 'Report a message',
          description: '400 when one with this id was reported before.',
          ...accepts(NewMessage),
          ...answers(done()),
          ...refuses(400),
        },
      },
    )
    .patch(
      '/messages/:message_id/to/:to/devices/:device_id',
      async ({ visit, caller, params }) => {
        const { device, isNew } = await statistics.deliver(caller, params, read(MessageDelivery, visit.input))
        return json(messageDeviceWire(device), isNew ? 201 : 200)
      },
      {
        requires: REPORTING,
        detail: {
          summary: 'Report the delivery of a message to a device',
          description:
            '201 when nothing was heard of the device before. 400 when the message was not reported. `to`: a SIP address.',
          ...accepts(MessageDelivery),
          ...answers(MessageDeviceSchema, 200, 201),
          ...refuses(400),
        },
      },
    )
    .post(
      '/calls',
      async ({ visit, caller }) => {
        await statistics.addCall(caller, read(NewCall, visit.input))
        return json(1)
      },
      {
        requires: REPORTING,
        detail: {
          summary: 'Report a call',
          description: '400 when one with this id was reported before.',
          ...accepts(NewCall),
          ...answers(done()),
          ...refuses(400),
        },
      },
    )
    .patch(
      '/calls/:call_id',
      async ({ visit, caller, params }) => {
        const { call, devices } = await statistics.endCall(caller, params.call_id, read(CallEnd, visit.input))
        return json(callWire(call, devices))
      },
      {
        requires: REPORTING,
        detail: { summary: 'Report the end of a call', ...accepts(CallEnd), ...answers(CallSchema) },
      },
    )
    .patch(
      '/calls/:call_id/devices/:device_id',
      async ({ visit, caller, params }) => {
        const { device, isNew } = await statistics.hearOfDevice(caller, params, read(CallDeviceNews, visit.input))
        return json(callDeviceWire(device), isNew ? 201 : 200)
      },
      {
        requires: REPORTING,
        detail: {
          summary: 'Report what a device did about a call',
          description:
            '201 when nothing was heard of the device before. 400 when the call was not reported. What is left out stays.',
          ...accepts(CallDeviceNews),
          ...answers(CallDeviceSchema, 200, 201),
          ...refuses(400),
        },
      },
    )
    .post(
      '/conferences',
      async ({ visit }) => {
        await statistics.addConference(read(NewConference, visit.input))
        return json(1)
      },
      {
        requires: { ...REPORTING, role: 'super' },
        detail: {
          summary: 'Report a conference',
          description: '400 when one with this id was reported before.',
          ...accepts(NewConference),
          ...answers(done()),
          ...refuses(400),
        },
      },
    )
    .patch(
      '/conferences/:conference_id',
      async ({ visit, params }) =>
        json(
          conferenceWire(await statistics.changeConference(params.conference_id, read(ConferenceNews, visit.input))),
        ),
      {
        requires: { ...REPORTING, role: 'super' },
        detail: {
          summary: 'Report news of a conference',
          description: 'What is left out stays.',
          ...accepts(ConferenceNews),
          ...answers(ConferenceSchema),
        },
      },
    )
    .post(
      '/conferences/:conference_id',
      async ({ visit, params }) =>
        json(
          conferenceWire(await statistics.changeConference(params.conference_id, read(ConferenceNews, visit.input))),
        ),
      {
        requires: { ...REPORTING, role: 'super' },
        detail: {
          summary: 'Report news of a conference by POST',
          ...accepts(ConferenceNews),
          ...answers(ConferenceSchema),
        },
      },
    )
}

const CallPageSchema = envelopeSchema('StatisticsCallPage', CallSchema)

const filters = {
  parameters: [
    ...paged.parameters,
    ...queried(CallFilter, {
      from: 'No calls before it: a date, or a date and a time.',
      to: 'No calls after it; of a date its whole day is meant.',
      direction: 'Only calls that the account placed, or only those to it.',
    }),
  ],
}

/** The call logs of accounts (behaviour/statistics.md §4). */
export const callLogApi = (deps: { auth: Auth; config: Config; callLog: CallLog }) => {
  const { auth, config, callLog } = deps
  const pageReply = (visit: Visit, page: number, { total, calls }: CallPage) => {
    const { from, to, direction } = visit.input
    const given = (value: unknown) => (typeof value === 'string' ? value : null)
    const kept = { from: given(from), to: given(to), direction: given(direction) }
    const data = calls.map(({ call, devices }) => callWire(call, devices))
    const path = `${visit.baseUrl()}${config.BASE_PATH}${visit.path}`
    return json(pageEnvelope({ data, total, page, perPage: CALLS_PAGE, kept, path, language: visit.language }))
  }
  return new Elysia({ prefix: '/api/accounts', tags: ['Statistics'] })
    .use(auth)
    .get(
      '/me/statistics/calls',
      async ({ visit, caller }) => {
        const page = pageOf(visit.input.page)
        return pageReply(visit, page, await callLog.ofParty(caller, read(CallFilter, visit.input), page))
      },
      {
        requires: 'account',
        detail: {
          summary: 'List the calls of the caller',
          description: 'The newest first, placed or received.',
          ...filters,
          ...answers(CallPageSchema),
        },
      },
    )
    .get(
      '/:id/statistics/calls',
      async ({ visit, params }) => {
        const page = pageOf(visit.input.page)
        const filter = read(CallFilter, visit.input)
        return pageReply(visit, page, await callLog.ofAccount(visit, idOf(params.id), filter, page))
      },
      {
        requires: 'admin',
        detail: {
          summary: 'List the calls of an account',
          description: 'The newest first, placed or received.',
          ...filters,
          ...answers(CallPageSchema),
        },
      },
    )
}
