import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first, only } from '../../db/rows.ts'
import type { Party } from './parties.ts'

export type Call = Db['tables']['statisticsCalls']['$inferSelect']
export type CallDevice = Db['tables']['statisticsCallDevices']['$inferSelect']
export type Message = Db['tables']['statisticsMessages']['$inferSelect']
export type MessageDevice = Db['tables']['statisticsMessageDevices']['$inferSelect']
export type Conference = Db['tables']['statisticsConferences']['$inferSelect']

/** Which device of a message's recipient. */
export interface Delivery {
  readonly messageId: string
  readonly to: Party
  readonly deviceId: string
}

/** The rows that Flexisip's reports become. */
export const statisticsStore = (db: Db) => {
  const {
    statisticsCalls: calls,
    statisticsCallDevices: callDevices,
    statisticsMessages: messages,
    statisticsMessageDevices: messageDevices,
    statisticsConferences: conferences,
  } = db.tables

  const insertMessage = db.prepare(
    'statistics_message_insert',
    {
      id: messages.id,
      fromUsername: messages.fromUsername,
      fromDomain: messages.fromDomain,
      sentAt: messages.sentAt,
      encrypted: messages.encrypted,
      conferenceId: messages.conferenceId,
      at: messages.createdAt,
    },
    (on, { at, ...row }) =>
      on
        .insert(messages)
        .values({ ...row, createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning({ id: messages.id }),
  )

  const insertCall = db.prepare(
    'statistics_call_insert',
    {
      id: calls.id,
      fromUsername: calls.fromUsername,
      fromDomain: calls.fromDomain,
      toUsername: calls.toUsername,
      toDomain: calls.toDomain,
      initiatedAt: calls.initiatedAt,
      endedAt: calls.endedAt,
      conferenceId: calls.conferenceId,
      toSelf: calls.toSelf,
      toOwnDomain: calls.toOwnDomain,
      at: calls.createdAt,
    },
    (on, { at, ...row }) =>
      on
        .insert(calls)
        .values({ ...row, createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning({ id: calls.id }),
  )

  const callById = db.prepare('statistics_call', { id: calls.id }, (on, { id }) =>
    on.select().from(calls).where(eq(calls.id, id)),
  )
  const holdMessage = db.prepare('statistics_message_hold', { id: messages.id }, (on, { id }) =>
    on
      .update(messages)
      .set({ updatedAt: sql`${messages.updatedAt}` })
      .where(eq(messages.id, id))
      .returning(),
  )

  const ofDevice = {
    messageId: messageDevices.messageId,
    toUsername: messageDevices.toUsername,
    toDomain: messageDevices.toDomain,
    deviceId: messageDevices.deviceId,
  }
  const updateDelivery = db.prepare(
    'statistics_message_device_update',
    {
      ...ofDevice,
      lastStatus: messageDevices.lastStatus,
      receivedAt: messageDevices.receivedAt,
      at: messageDevices.updatedAt,
    },
    (on, { messageId, toUsername, toDomain, deviceId, at, ...row }) =>
      on
        .update(messageDevices)
        .set({ ...row, updatedAt: at })
        .where(
          and(
            eq(messageDevices.messageId, messageId),
            eq(messageDevices.toDomain, toDomain),
            eq(messageDevices.toUsername, toUsername),
            eq(messageDevices.deviceId, deviceId),
          ),
        )
        .returning(),
  )
  const insertDelivery = db.prepare(
    'statistics_message_device_insert',
    {
      ...ofDevice,
      lastStatus: messageDevices.lastStatus,
      receivedAt: messageDevices.receivedAt,
      sentAt: messageDevices.sentAt,
      isFirst: messageDevices.isFirst,
      at: messageDevices.createdAt,
    },
    (on, { at, ...row }) =>
      on
        .insert(messageDevices)
        .values({ ...row, createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning(),
  )
  const toldRecipient = db.prepare(
    'statistics_message_told_recipient',
    {
      messageId: messageDevices.messageId,
      toUsername: messageDevices.toUsername,
      toDomain: messageDevices.toDomain,
    },
    (on, { messageId, toUsername, toDomain }) =>
      on
        .select({ id: messageDevices.id })
        .from(messageDevices)
        .where(
          and(
            eq(messageDevices.messageId, messageId),
            eq(messageDevices.toDomain, toDomain),
            eq(messageDevices.toUsername, toUsername),
          ),
        )
        .limit(1),
  )
  const toldDomain = db.prepare(
    'statistics_message_told_domain',
    { messageId: messageDevices.messageId, toDomain: messageDevices.toDomain },
    (on, { messageId, toDomain }) =>
      on
        .select({ id: messageDevices.id })
        .from(messageDevices)
        .where(and(eq(messageDevices.messageId, messageId), eq(messageDevices.toDomain, toDomain)))
        .limit(1),
  )

  const insertCallDevice = db.prepare(
    'statistics_call_device_insert',
    {
      callId: callDevices.callId,
      deviceId: callDevices.deviceId,
      rangAt: callDevices.rangAt,
      inviteTerminatedAt: callDevices.inviteTerminatedAt,
      inviteTerminatedState: callDevices.inviteTerminatedState,
      at: callDevices.createdAt,
    },
    (on, { at, ...row }) =>
      on
        .insert(callDevices)
        .values({ ...row, createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning(),
  )

  return {
    /** False: there is one with this id. */
    insertMessage: async (tx: Tx, row: Omit<Message, 'createdAt' | 'updatedAt'>, at: Date): Promise<boolean> =>
      (await first(insertMessage(tx, { ...row, at }))) !== null,
    insertCall: async (tx: Tx, row: Omit<Call, 'createdAt' | 'updatedAt'>, at: Date): Promise<boolean> =>
      (await first(insertCall(tx, { ...row, at }))) !== null,
    /** Keeps it as it is until the transaction ends: nobody else hears of its recipients meanwhile. */
    holdMessage: (tx: Tx, id: string): Promise<Message | null> => first(holdMessage(tx, { id })),
    call: (on: Reader, id: string): Promise<Call | null> => first(callById(on, { id })),
    callDevices: (on: Reader, ids: readonly string[]): Promise<CallDevice[]> =>
      on
        .select()
        .from(callDevices)
        .where(inArray(callDevices.callId, [...ids]))
        .orderBy(asc(callDevices.id)),

    /** Of a device that something was heard of. */
    updateDelivery: (
      tx: Tx,
      { messageId, to, deviceId }: Delivery,
      said: Pick<MessageDevice, 'lastStatus' | 'receivedAt'>,
      at: Date,
    ): Promise<MessageDevice> =>
      only(updateDelivery(tx, { messageId, toUsername: to.username, toDomain: to.domain, deviceId, ...said, at })),
    /** For `holdMessage`. null: something was heard of the device already. */
    insertDelivery: (
      tx: Tx,
      { messageId, to, deviceId }: Delivery,
      said: Pick<MessageDevice, 'lastStatus' | 'receivedAt' | 'sentAt' | 'isFirst'>,
      at: Date,
    ): Promise<MessageDevice | null> =>
      first(insertDelivery(tx, { messageId, toUsername: to.username, toDomain: to.domain, deviceId, ...said, at })),
    /** Whether another device of the same recipient was heard of, and another one of its domain. */
    told: async (tx: Tx, { messageId, to }: Delivery): Promise<{ recipient: boolean; domain: boolean }> => {
      const given = { messageId, toDomain: to.domain }
      const recipient = (await first(toldRecipient(tx, { ...given, toUsername: to.username }))) !== null
      return { recipient, domain: recipient || (await first(toldDomain(tx, given))) !== null }
    },

    /** The same for a call that has not ended; null: it has, or is not known. Of two who report it one does. */
    endOpenCall: (tx: Tx, id: string, endedAt: Date, at: Date): Promise<Call | null> =>
      first(
        tx
          .update(calls)
          .set({ endedAt, updatedAt: at })
          .where(and(eq(calls.id, id), isNull(calls.endedAt)))
          .returning(),
      ),
    endCall: (tx: Tx, id: string, endedAt: Date, at: Date): Promise<Call | null> =>
      first(tx.update(calls).set({ endedAt, updatedAt: at }).where(eq(calls.id, id)).returning()),
    /** null: it is known already. */
    insertCallDevice: (
      tx: Tx,
      row: Omit<CallDevice, 'id' | 'createdAt' | 'updatedAt'>,
      at: Date,
    ): Promise<CallDevice | null> => first(insertCallDevice(tx, { ...row, at })),
    /** What is not said stays. */
    updateCallDevice: (
      tx: Tx,
      { callId, deviceId }: Pick<CallDevice, 'callId' | 'deviceId'>,
      said: Partial<Pick<CallDevice, 'rangAt' | 'inviteTerminatedAt' | 'inviteTerminatedState'>>,
      at: Date,
    ): Promise<CallDevice | null> =>
      first(
        tx
          .update(callDevices)
          .set({ ...said, updatedAt: at })
          .where(and(eq(callDevices.callId, callId), eq(callDevices.deviceId, deviceId)))
          .returning(),
      ),

    insertConference: async (tx: Tx, row: Conference): Promise<boolean> =>
      (await first(tx.insert(conferences).values(row).onConflictDoNothing().returning({ id: conferences.id }))) !==
      null,
    updateConference: (
      tx: Tx,
      id: string,
      said: Partial<Pick<Conference, 'createdAt' | 'endedAt' | 'schedule'>>,
      at: Date,
    ): Promise<Conference | null> =>
      first(
        tx
          .update(conferences)
          .set({ ...said, updatedAt: at })
          .where(eq(conferences.id, id))
          .returning(),
      ),
  }
}

export type StatisticsStore = ReturnType<typeof statisticsStore>
