import type { Tx } from '../db/db.ts'
import type { LeavingStore } from './leaving-store.ts'
import { type Put, stamps } from './their-columns.ts'

/** Rows of one statement. */
const PAGE = 500

/** Calls and messages that the SIP proxy has reported. */
export const leavingStatistics = ({ store, put }: { store: LeavingStore; put: Put }) => {
  const statistics = async (tx: Tx): Promise<void> => {
    for await (const page of store.pages(tx, 'statisticsMessages', PAGE)) {
      await put(
        'statistics_messages',
        page.map((one) => ({
          id: one.id,
          from_username: one.fromUsername,
          from_domain: one.fromDomain,
          sent_at: one.sentAt,
          encrypted: one.encrypted,
          conference_id: one.conferenceId,
          ...stamps(one),
        })),
      )
    }
    for await (const page of store.pages(tx, 'statisticsMessageDevices', PAGE)) {
      await put(
        'statistics_message_devices',
        page.map((one) => ({
          id: one.id,
          message_id: one.messageId,
          to_username: one.toUsername,
          to_domain: one.toDomain,
          device_id: one.deviceId,
          last_status: one.lastStatus,
          received_at: one.receivedAt,
          ...stamps(one),
        })),
      )
    }
    for await (const page of store.pages(tx, 'statisticsCalls', PAGE)) {
      await put(
        'statistics_calls',
        page.map((one) => ({
          id: one.id,
          from_username: one.fromUsername,
          from_domain: one.fromDomain,
          to_username: one.toUsername,
          to_domain: one.toDomain,
          initiated_at: one.initiatedAt,
          ended_at: one.endedAt,
          conference_id: one.conferenceId,
          ...stamps(one),
        })),
      )
    }
    for await (const page of store.pages(tx, 'statisticsCallDevices', PAGE)) {
      await put(
        'statistics_call_devices',
        page.map((one) => ({
          id: one.id,
          call_id: one.callId,
          device_id: one.deviceId,
          rang_at: one.rangAt,
          invite_terminated_at: one.inviteTerminatedAt,
          invite_terminated_state: one.inviteTerminatedState,
          ...stamps(one),
        })),
      )
    }
  }

  return statistics
}
