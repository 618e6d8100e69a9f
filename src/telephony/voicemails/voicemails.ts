import type { AccountNews, NamedAccount } from '../../accounts/account-news/account-news.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Config } from '../../config/config.ts'
import { spaceUrl } from '../../config/links.ts'
import type { Db, Tx } from '../../db/db.ts'
import type { Pace } from '../../db/sweep.ts'
import { AppError, invalid } from '../../errors.ts'
import type { KeptFile } from '../../files/file-store.ts'
import type { Draft, Files } from '../../files/files.ts'
import { choice, form, type Input, optional, text } from '../../http/input.ts'
import type { Logging } from '../../logging/logging.ts'
import type { AuditAction } from '../../logging/security-events.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import { languageOf, type Space } from '../../nouns/space.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Outbox } from '../../outbox/outbox.ts'
import { isSipUri, sipUri } from '../../protocols/sip-address.ts'
import { isUuid, uuidV7 } from '../../protocols/uuid.ts'
import { VOICE_EDGE_BYTES, VOICE_TYPES, voiceSeconds, voiceTypeOf } from '../../protocols/voice-file.ts'
import type { Secrets } from '../../secrets.ts'
import type { SpaceDirectory } from '../../spaces/spaces/directory.ts'
import { voicemailBytes } from './bytes.ts'
import { fileLinks, type Signed } from './links.ts'
import { type Filling, type Owner, type Voicemail, voicemailStore } from './store.ts'
import { toldVoicemail } from './wire.ts'

export type { Voicemail } from './store.ts'

/** Slots of one account that may wait for their files: each call that reaches a voicemail server makes one. */
const MOST_WAITING = 1000

const DAY_MS = 86_400_000
/** How long a slot waits for its file. */
const WAIT_MS = DAY_MS
const BATCH = 100

/** The largest file that goes along with its mail; of longer ones the mail has a link. */
const MOST_ATTACHED_BYTES = 10 * 1024 * 1024

/** Voicemails of a long list that are in memory at once. */
const STRETCH = 500

const LONGEST_NAME = 100
const RANDOM_PREFIX = 8

export const WantedSlot = form({ content_type: choice(VOICE_TYPES), sip_from: optional(text({ max: 512 })) })

/** A voicemail, and the Space whose host its links have. */
export interface Found {
  readonly voicemail: Voicemail
  readonly space: Space
}

/** A voicemail that can be heard, and where: paths below the base path that are good for whoever has them. */
export interface Recording {
  readonly voicemail: Voicemail
  readonly play: string
  readonly download: string
}

/** A slot that was just made: how much of a file it takes. */
export type Slot = Found & { readonly mostBytes: number }

/**
 * Hands over a file while it arrives, piece by piece, after its name; resolves to whether there was one, once all of it
 * has come.
 */
export type Receive = (begin: (name: string) => (piece: Uint8Array) => Promise<void>) => Promise<boolean>

const unknown = () => new AppError('not_found', 'voicemail.unknown')

/** Without the folders that a client names, and of nothing that means something in a URL or a shell. */
const safeName = (named: string): string =>
  named.slice(Math.max(named.lastIndexOf('/'), named.lastIndexOf('\\')) + 1).replace(/[^A-Za-z0-9._-]/g, '_')

/**
 * Voice messages that a voicemail server leaves (behaviour/telephony.md §9): it makes a slot, then sends the file, which
 * the account hears over its links and gets by mail. A voicemail that is taken from its account is deleted; its row stays
 * until its bytes are removed, so that neither a power cut nor a broken disk leaves any behind.
 */
export const voicemails = (deps: {
  config: Config
  db: Db
  accounts: Accounts
  accountNews: AccountNews
  spaces: SpaceDirectory
  files: Files
  outbox: Outbox
  secrets: Secrets
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { config, db, accounts, accountNews, spaces, files, outbox, secrets, audit, log, now } = deps
  const store = voicemailStore(db)
  const links = fileLinks(deps)
  const { isRemoved, removeDisowned, removeOrphans } = voicemailBytes({ db, store, files, log, now })

  /** A Space that is gone took its accounts along. */
  const spaceOf = async (domain: string): Promise<Space> => {
    const space = await spaces.byDomain(domain)
    if (space === null) throw unknown()
    return space
  }

  /** null: as much as you like. */
  const roomOf = async (on: Db['read'], spaceId: number): Promise<number | null> => {
    const most = await store.mostBytes(on, spaceId)
    return most === 0 ? null : Math.max(0, most - (await store.bytesOf(on, spaceId)))
  }

  const record = (tx: Tx, action: AuditAction, by: Visit | null, space: Space, account: NamedAccount, uuid: string) => {
    const { id, username, domain } = account
    return audit.record(tx, action, { by, space, about: { id, username, domain }, detail: { object: uuid } })
  }

  /** The account is looked at first, then its address, then the body (behaviour/telephony.md §9). */
  const create = async (
    visit: Visit,
    { account, space }: Awaited<ReturnType<Accounts['byId']>>,
    input: Input<typeof WantedSlot>,
  ): Promise<Slot> => {
    if (account.email === null) throw new AppError('invalid', 'voicemail.no_email')
    const { sip_from: from } = input.good
    if (from !== null && !isSipUri(from)) input.refuse('sip_from', { id: 'v.sip_uri' })
    const wanted = input.settle()
    const room = await roomOf(db.read, space.id)
    if (room === 0) throw new AppError('forbidden', 'voicemail.no_room', { setting: 'max_voicemail_bytes' })
    const at = now()
    const row = {
      uuid: uuidV7(at, secrets.random(10)),
      accountId: account.id,
      spaceId: space.id,
      contentType: wanted.content_type,
      sipFrom: wanted.sip_from,
    }
    const voicemail = await db.transaction(async (tx) => {
      if ((await store.waiting(tx, account.id)) >= MOST_WAITING) {
        throw new AppError('forbidden', 'voicemail.slots_full', { values: { most: MOST_WAITING } })
      }
      await record(tx, 'voicemail.created', visit, space, account, row.uuid)
      return store.insert(tx, row, at)
    })
    const mostBytes = Math.min(config.UPLOAD_MAX_BYTES, room ?? Number.POSITIVE_INFINITY)
    return { voicemail: { ...voicemail, accountId: account.id }, space, mostBytes }
  }

  const one = async (accountId: number, uuid: string): Promise<Voicemail> => {
    const found = await store.byUuid(db.read, accountId, uuid)
    if (found === null) throw unknown()
    return found
  }

  /** An administrator's of its Space, or a super administrator's of any: a Flexisip has one address of us for all. */
  const forUpload = async (visit: Visit, caller: Caller, uuid: string) => {
    const found = isUuid(uuid) ? await store.withOwner(db.read, uuid) : null
    const isOurs = found !== null && (mayActAs(caller, 'super') || found.owner.domain === visit.space.domain)
    if (!isOurs) throw unknown()
    if (found.voicemail.storedAs !== null) throw new AppError('not_found', 'voicemail.filled')
    return { ...found, space: await spaceOf(found.owner.domain) }
  }

  const write = (draft: Draft, piece: Uint8Array): Promise<void> => {
    const most = config.UPLOAD_MAX_BYTES
    if (draft.size + piece.length > most) throw invalid('file', 'v.file_size', { max: most })
    return draft.write(piece)
  }

  /** `?` of a link is never in a name, nor anything else that would make it another address. */
  const nameFor = (named: string): string => `${secrets.token(RANDOM_PREFIX)}_${safeName(named)}`.slice(0, LONGEST_NAME)

  /** What the file itself says; refuses one that is not what its slot is for. */
  const examined = async (draft: Draft, { contentType }: Voicemail): Promise<{ durationSeconds: number | null }> => {
    const edges = await draft.edges(VOICE_EDGE_BYTES)
    const type = voiceTypeOf(edges.head)
    if (type !== contentType) throw invalid('file', 'v.voice_type', { type: contentType })
    return { durationSeconds: voiceSeconds({ type, ...edges, size: draft.size }) }
  }

  /** Writes to the account's address, when it has one. The words and the file are found when the mail is sent. */
  const mail = async (tx: Tx, { voicemail, space }: Found, owner: Owner): Promise<boolean> => {
    if (owner.email === null) return false
    const base = spaceUrl(config, space.host)
    const isLarge = (voicemail.size ?? 0) > MOST_ATTACHED_BYTES
    await outbox.add(tx, {
      channel: 'mail',
      kind: 'voicemail',
      spaceId: space.id,
      accountId: owner.accountId,
      recipient: owner.email,
      language: languageOf(owner, space),
      dedupKey: `voicemail:${voicemail.uuid}`,
      data: {
        voicemail: voicemail.uuid,
        caller: voicemail.sipFrom,
        callee: sipUri(owner.username, owner.domain),
        recorded_at: (voicemail.uploadedAt ?? now()).toISOString(),
        seconds: voicemail.durationSeconds,
        link: isLarge ? `${base}${pathOf(voicemail)}/download${links.query(voicemail.uuid)}` : null,
        telephony_url: `${base}/telephony`,
      },
    })
    await store.setMailed(tx, voicemail.id, now())
    return true
  }

  /** null: somebody was faster, or the voicemail is deleted. Refuses what the Space has no room for. */
  const fill = (visit: Visit, found: Found, filling: Filling): Promise<Voicemail | null> =>
    db.transaction(async (tx) => {
      const { voicemail, space } = found
      if ((await store.mostBytes(tx, space.id)) > 0) {
        await store.holdSpace(tx, space.id)
        const room = await roomOf(tx, space.id)
        if (room !== null && (filling.size ?? 0) > room) throw invalid('file', 'v.no_room', { room })
      }
      const at = now()
      if (!(await store.fill(tx, voicemail.id, filling, at))) return null
      const filled = { ...voicemail, ...filling, uploadedAt: at }
      // The address as it is now, which may have gone since the slot was made.
      const current = await store.withOwner(tx, voicemail.uuid)
      if (current === null) return filled
      await mail(tx, { voicemail: filled, space }, current.owner)
      const account = { ...current.owner, id: current.owner.accountId }
      await accountNews.tellOf(tx, 'voicemail.received', account, () => ({ voicemail: toldVoicemail(filled) }))
      await record(tx, 'voicemail.received', visit, space, account, voicemail.uuid)
      return filled
    })

  /** The bytes are safe before the row says that they are there; if it never does, they go. */
  const deposit = async (visit: Visit, caller: Caller, uuid: string, receive: Receive): Promise<Found> => {
    const found = await forUpload(visit, caller, uuid)
    const draft = await files.draft()
    try {
      let named = ''
      const isThere = await receive((name) => {
        named = name
        return async (piece) => write(draft, piece)
      })
      if (!isThere || draft.size === 0) throw invalid('file', 'v.required')
      const { durationSeconds } = await examined(draft, found.voicemail)
      const storedAs = await draft.keep(found.voicemail.contentType)
      const filling = { name: nameFor(named), size: draft.size, durationSeconds, storedAs }
      // What failed otherwise may have been committed all the same: then the row names the bytes, else the sweep finds them.
      const filled = await fill(visit, found, filling).catch(async (error: unknown) => {
        if (error instanceof AppError) await files.remove(storedAs).catch(() => {})
        throw error
      })
      if (filled !== null) return { voicemail: filled, space: found.space }
      await files.remove(storedAs).catch(() => {})
      throw new AppError('not_found', 'voicemail.filled')
    } finally {
      await draft.discard()
    }
  }

  /** By a link that is signed, or as somebody who may hear it anyway: its account, an administrator of its Space. */
  const mayRead = (uuid: string, accountId: number, caller: Caller | null, signed: Signed): boolean => {
    if (config.FILES_PUBLIC_LINKS) return true
    if (caller !== null && (caller.id === accountId || mayActAs(caller, 'admin'))) return true
    const verdict = links.verdict(uuid, signed)
    if (verdict === 'expired') throw new AppError('gone', 'voicemail.link_expired')
    return verdict === 'good'
  }

  const queryOf = ({ uuid }: Voicemail): string => (config.FILES_PUBLIC_LINKS ? '' : links.query(uuid))

  const recordingOf = (voicemail: Voicemail): Recording => {
    const [path, query] = [pathOf(voicemail), queryOf(voicemail)]
    return { voicemail, play: path + query, download: `${path}/download${query}` }
  }

  return {
    /** For whoever is called: its own. */
    createOwn: async (visit: Visit, caller: Caller, input: Input<typeof WantedSlot>): Promise<Slot> =>
      create(visit, await accounts.ofCaller(caller), input),
    /** For administrators, and for the voicemail server. */
    createFor: async (visit: Visit, caller: Caller, id: number, input: Input<typeof WantedSlot>): Promise<Slot> =>
      create(visit, await accounts.idForProxy(visit, caller, id), input),
    /** The newest first, slots included, some at a time: as many as may be in memory at once. The account was looked up. */
    ofAccount: async function* (accountId: number): AsyncIterable<Voicemail[]> {
      for (let before: number | null = null; ; ) {
        const found: Voicemail[] = await store.ofAccount(db.read, accountId, before, STRETCH)
        yield found
        const last = found.at(-1)
        if (last === undefined || found.length < STRETCH) return
        before = last.id
      }
    },
    /** Those that can be heard, the newest first, `most` of them from one on. The account was looked up. */
    recordings: async (accountId: number, { skip, most }: { skip: number; most: number }): Promise<Recording[]> =>
      (await store.filled(db.read, accountId, skip, most)).map(recordingOf),
    /** How many can be heard. */
    countRecordings: (accountId: number): Promise<number> => store.countFilled(db.read, accountId),
    recording: async (accountId: number, uuid: string): Promise<Recording> => {
      const voicemail = await one(accountId, uuid)
      if (voicemail.name === null) throw unknown()
      return recordingOf(voicemail)
    },
    one,
    deposit,
    /** Gone for everybody at once, and its bytes a moment later. */
    remove: async (visit: Visit, account: NamedAccount, uuid: string): Promise<void> => {
      const gone = await db.transaction(async (tx) => {
        const found = await store.disown(tx, account.id, uuid, now())
        if (found === null) throw unknown()
        await record(tx, 'voicemail.deleted', visit, visit.space, account, uuid)
        return found
      })
      const row = await store.disownedOne(db.read, gone.id)
      if (row !== null) await isRemoved(row)
    },
    /**
     * The file behind a link; `caller`: of the session that the browser has, if any. A super administrator hears those of
     * every Space on the host of theirs.
     */
    read: async (
      visit: Visit,
      caller: Caller | null,
      { uuid, name, ...signed }: { uuid: string; name: string } & Signed,
    ): Promise<{ voicemail: Voicemail; file: KeptFile }> => {
      const found = isUuid(uuid) ? await store.withOwner(db.read, uuid) : null
      const isHere = (caller !== null && mayActAs(caller, 'super')) || found?.owner.domain === visit.space.domain
      if (
        found === null ||
        !isHere ||
        found.voicemail.name !== name ||
        !mayRead(uuid, found.owner.accountId, caller, signed)
      )
        throw unknown()
      const { voicemail } = found
      const file = voicemail.storedAs === null ? null : await files.find(voicemail.storedAs)
      if (file !== null) return { voicemail, file }
      log.app.error('the file of a voicemail is missing', { voicemail: uuid, stored_as: voicemail.storedAs })
      throw unknown()
    },
    /** Absolute, for whoever may have it; null while there is no file. */
    downloadUrl: (base: string, voicemail: Voicemail): string | null =>
      voicemail.name === null ? null : `${base}${pathOf(voicemail)}/download${queryOf(voicemail)}`,
    /**
     * Deletes what was left so many days ago, and slots that waited for a day; null days: only those. Then removes bytes
     * that belong to nobody. Without `apply` it counts.
     */
    clear: async (
      days: number | null,
      { apply, ...pace }: Pick<Pace, 'signal' | 'onGone'> & { readonly apply: boolean },
    ): Promise<number> => {
      const at = now()
      const left = days === null ? null : new Date(at.getTime() - days * DAY_MS)
      const waiting = new Date(at.getTime() - WAIT_MS)
      if (!apply) return store.countOutlived(left, waiting)
      const cleared = await store.disownOutlived(left, waiting, at, pace)
      await removeDisowned(pace.signal)
      return cleared
    },
    removeDisowned,
    removeOrphans,
    /** Mails about voicemails whose accounts had no address when they came, and have one now: how many. */
    mailUnmailed: async (signal?: AbortSignal): Promise<number> => {
      let queued = 0
      for (let after = 0; ; ) {
        signal?.throwIfAborted()
        const rows = await store.unmailed(db.read, after, BATCH)
        const last = rows.at(-1)
        if (last === undefined) return queued
        for (const { voicemail, owner } of rows) {
          const space = await spaceOf(owner.domain)
          const isQueued = await db.transaction(async (tx) => {
            if (!(await mail(tx, { voicemail, space }, owner))) return false
            await record(tx, 'voicemail.mailed', null, space, { ...owner, id: owner.accountId }, voicemail.uuid)
            return true
          })
          if (isQueued) queued += 1
        }
        after = last.voicemail.id
      }
    },
  }
}

export type Voicemails = ReturnType<typeof voicemails>

const pathOf = ({ uuid, name }: Voicemail): string => `/f/${uuid}/${name}`
