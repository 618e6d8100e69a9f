import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Tx } from '../db/db.ts'
import type { Files } from '../files/files.ts'
import { addressOfRecord, isSipUri } from '../protocols/sip-address.ts'
import { isUuid } from '../protocols/uuid.ts'
import { VOICE_EDGE_BYTES, VOICE_TYPES, voiceSeconds, voiceTypeOf } from '../protocols/voice-file.ts'
import type { Page } from './accounts.ts'
import { type Belonging, belongingTo } from './belongings.ts'
import type { IdMap } from './ids.ts'
import type { Report } from './report.ts'
import type { Source } from './source.ts'
import type { MovingInStore } from './store.ts'
import { instantIn, stampsIn, textIn, wordIn } from './values.ts'

const TABLE = 'account_files'

/** What is known of a voicemail's file; all null: it waits for one. */
interface Filled {
  readonly name: string | null
  readonly size: number | null
  readonly durationSeconds: number | null
  readonly storedAs: string | null
  readonly uploadedAt: Date | null
}

const EMPTY: Filled = { name: null, size: null, durationSeconds: null, storedAs: null, uploadedAt: null }

/** Where a file of theirs lies below the folder that was named; null: nowhere. */
export const fileIn = (folder: string, inner: string, name: string): string | null => {
  const plain = basename(name)
  const places = [join(folder, inner, plain), join(folder, plain)]
  return places.find((path) => existsSync(path) && statSync(path).isFile()) ?? null
}

/** Messages that callers left, with their bytes. */
export const movingVoicemails = (deps: {
  source: Source
  store: MovingInStore
  report: Report
  ids: IdMap
  files: Files
  now: Date
  /** Their `storage/app`, or the folder of the files; null: not named. */
  folder: string | null
  isDry: boolean
}) => {
  const { store, report, files, now, folder, isDry } = deps
  /** What was kept, for the case that nothing comes of it. */
  const kept: string[] = []

  const lost = (one: Belonging, why: string): null => {
    report.lost(TABLE, `${textIn(one.row, 'id')} of ${addressOfRecord(one.account.row)}`, why)
    return null
  }

  const keepBytes = async (one: Belonging, path: string, name: string): Promise<Filled | null> => {
    const draft = await files.draft()
    try {
      for await (const piece of Bun.file(path).stream() as unknown as AsyncIterable<Uint8Array>)
        await draft.write(piece)
      const edges = await draft.edges(VOICE_EDGE_BYTES)
      const type = voiceTypeOf(edges.head)
      if (type === null || type !== one.row.content_type) return lost(one, `${path} is no ${one.row.content_type}`)
      const durationSeconds = voiceSeconds({ type, ...edges, size: draft.size })
      const uploadedAt = instantIn(one.row, 'uploaded_at') ?? stampsIn(one.row, now).createdAt
      const storedAs = isDry ? null : await draft.keep(type)
      if (storedAs !== null) kept.push(storedAs)
      return { name, size: draft.size, durationSeconds, storedAs, uploadedAt }
    } finally {
      await draft.discard()
    }
  }

  /** null: it does not come, which was said. */
  const filledOf = async (one: Belonging): Promise<Filled | null> => {
    const name = wordIn(one.row, 'name')
    if (name === null) return EMPTY
    if (folder === null) return lost(one, '--files does not say where its bytes are')
    const path = fileIn(folder, 'files', name)
    if (path === null) return lost(one, `its bytes are not in ${folder}`)
    return keepBytes(one, path, name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100))
  }

  return {
    move: async (tx: Tx, page: Page): Promise<void> => {
      const rows = []
      for (const one of await belongingTo(deps, page, TABLE)) {
        const { row, account } = one
        const uuid = textIn(row, 'id')?.toLowerCase() ?? ''
        const contentType = VOICE_TYPES.find((known) => known === row.content_type)
        if (contentType === undefined || !isUuid(uuid)) {
          lost(one, 'it is no voicemail')
          continue
        }
        const filled = await filledOf(one)
        if (filled === null) continue
        const from = wordIn(row, 'sip_from')
        rows.push({
          uuid,
          accountId: account.id,
          spaceId: account.space.id,
          contentType,
          sipFrom: from !== null && isSipUri(from) ? from : null,
          ...filled,
          mailedAt: instantIn(row, 'sent_by_mail_at'),
          ...stampsIn(row, now),
        })
      }
      const stored = await store.voicemails(tx, rows)
      report.of(TABLE).written += stored.length
      report.of(TABLE).there += rows.length - stored.length
    },
    /** Nothing was written: neither do the bytes stay. */
    undo: async (): Promise<void> => {
      for (const name of kept) await files.remove(name).catch(() => {})
    },
  }
}
