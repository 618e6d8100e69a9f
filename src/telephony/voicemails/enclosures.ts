import type { Db } from '../../db/db.ts'
import type { Files } from '../../files/files.ts'
import type { Enclosures } from '../../mail/letter.ts'
import { PermanentFailure } from '../../outbox/messages.ts'
import { voicemailStore } from './store.ts'

const ENDINGS = { 'audio/opus': 'opus', 'audio/wav': 'wav' } as const

/** `20260131-0930`: in UTC, as the mail says it. */
const stampOf = (moment: Date): string => moment.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-')

/** What goes with the mail about a voicemail, to the address that the account has now (behaviour/messages.md §1). */
export const voicemailEnclosures = ({ db, files }: { db: Db; files: Files }): Enclosures => {
  const store = voicemailStore(db)
  return async ({ data }) => {
    const found = await store.withOwner(db.read, String(data.voicemail))
    if (found === null) throw new PermanentFailure('the voicemail was deleted')
    const { voicemail, owner } = found
    if (owner.email === null) throw new PermanentFailure('the account has no address any more')
    if (data.link !== null) return { recipient: owner.email, attachments: [] }
    const file = voicemail.storedAs === null ? null : await files.find(voicemail.storedAs)
    if (file === null) throw new PermanentFailure('the file is gone')
    const content = Buffer.from(await new Response(file.part(0, file.size)).arrayBuffer())
    const stamp = stampOf(voicemail.uploadedAt ?? voicemail.createdAt)
    const filename = `voicemail-${stamp}.${ENDINGS[voicemail.contentType]}`
    return { recipient: owner.email, attachments: [{ filename, content, contentType: voicemail.contentType }] }
  }
}
