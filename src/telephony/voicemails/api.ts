import { Elysia } from 'elysia'
import type { NamedAccount } from '../../accounts/account-news/account-news.ts'
import type { Accounts } from '../../accounts/accounts/accounts.ts'
import type { Config } from '../../config/config.ts'
import type { Auth } from '../../http/auth.ts'
import { skipBody } from '../../http/body.ts'
import { bytesReply } from '../../http/bytes.ts'
import { accepts, choice, integer, read, text } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import { answers, described, done, listOf, moment, orNull, record, refuses } from '../../http/output.ts'
import { idOf } from '../../http/path.ts'
import { json, jsonText } from '../../http/respond.ts'
import { FORM_BYTES, receiveFile } from '../../http/upload.ts'
import type { Caller, Role } from '../../nouns/caller.ts'
import type { Session } from '../../nouns/session.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { Pages } from '../../panel/pages.ts'
import { VOICE_TYPES } from '../../protocols/voice-file.ts'
import { type Found, type Receive, type Slot, type Voicemails, WantedSlot } from './voicemails.ts'

const VoicemailSchema = record('Voicemail', {
  id: described(text(), 'A UUID, version 7.'),
  name: described(orNull(text()), 'This and what else comes with the file is null until it was uploaded.'),
  size: orNull(integer(1)),
  content_type: choice(VOICE_TYPES),
  sip_from: orNull(text()),
  created_at: moment(),
  uploaded_at: orNull(moment()),
  download_url: described(orNull(text()), 'Good for 14 days, and no longer than the voicemail is kept.'),
})

const SlotSchema = record('VoicemailSlot', {
  ...VoicemailSchema.properties,
  upload_url: described(text(), 'Where an administrator sends the file.'),
  max_upload_size: described(integer(0), 'In bytes.'),
})

/** Voicemails of an account (behaviour/telephony.md §9), its own and for administrators; and the files of them. */
export const voicemailsApi = (deps: {
  config: Config
  auth: Auth
  accounts: Accounts
  longReplies: LongReplies
  voicemails: Voicemails
}) => {
  const { config, auth, accounts, longReplies, voicemails } = deps

  const baseOf = (visit: Visit, { space }: Pick<Found, 'space'>) => visit.baseUrl(space) + config.BASE_PATH

  const wire = (visit: Visit, found: Found) => {
    const { voicemail } = found
    return {
      id: voicemail.uuid,
      name: voicemail.name,
      size: voicemail.size,
      content_type: voicemail.contentType,
      sip_from: voicemail.sipFrom,
      created_at: isoMoment(voicemail.createdAt),
      uploaded_at: isoMomentOrNull(voicemail.uploadedAt),
      download_url: voicemails.downloadUrl(baseOf(visit, found), voicemail),
    }
  }

  const slotWire = (visit: Visit, slot: Slot) => ({
    ...wire(visit, slot),
    upload_url: `${baseOf(visit, slot)}/api/files/${slot.voicemail.uuid}`,
    max_upload_size: slot.mostBytes,
  })

  /** The array of them all, as JSON: however many there are, a stretch of them is in memory. */
  async function* array(
    visit: Visit,
    { account, space }: Awaited<ReturnType<Accounts['byId']>>,
  ): AsyncIterable<string> {
    let before = '['
    for await (const found of voicemails.ofAccount(account.id)) {
      const items = found.map((voicemail) => JSON.stringify(wire(visit, { voicemail, space })))
      if (items.length > 0) yield before + items.join(',')
      if (items.length > 0) before = ','
    }
    yield before === '[' ? '[]' : ']'
  }

  const listed = (visit: Visit, caller: Caller, found: Awaited<ReturnType<Accounts['byId']>>) =>
    longReplies.send(caller, array(visit, found), jsonText)

  const shown = async (visit: Visit, { account, space }: Awaited<ReturnType<Accounts['byId']>>, uuid: string) =>
    json(wire(visit, { voicemail: await voicemails.one(account.id, uuid), space }))

  const removed = async (visit: Visit, account: NamedAccount, uuid: string) => {
    await voicemails.remove(visit, account, uuid)
    return json(1)
  }

  const ofAccount = (visit: Visit, id: string) => accounts.byId(visit.space, idOf(id))

  const own = new Elysia({ prefix: '/api/accounts/me/voicemails', tags: ['Voicemails'] })
    .use(auth)
    .get('/', async ({ visit, caller }) => listed(visit, caller, await accounts.ofCaller(caller)), {
      requires: 'account',
      detail: {
        summary: "List the caller's voicemails",
        description: 'The newest first, slots that wait for their file among them.',
        ...answers(listOf(VoicemailSchema)),
      },
    })
    .post(
      '/',
      async ({ visit, caller }) =>
        json(slotWire(visit, await voicemails.createOwn(visit, caller, read(WantedSlot, visit.input))), 201),
      {
        requires: 'account',
        detail: {
          summary: 'Make a slot for a voicemail of the caller',
          description: '422 without `errors` while the account has no e-mail address; 403 while its Space has no room.',
          ...accepts(WantedSlot),
          ...answers(SlotSchema, 201),
        },
      },
    )
    .get('/:uuid', async ({ visit, caller, params }) => shown(visit, await accounts.ofCaller(caller), params.uuid), {
      requires: 'account',
      detail: { summary: 'Read a voicemail of the caller', ...answers(VoicemailSchema) },
    })
    .delete('/:uuid', ({ visit, caller, params }) => removed(visit, caller, params.uuid), {
      requires: 'account',
      detail: { summary: 'Delete a voicemail of the caller', ...answers(done()) },
    })

  const ofAny = new Elysia({ prefix: '/api/accounts/:id/voicemails', tags: ['Voicemails'] })
    .use(auth)
    .get('/', async ({ visit, caller, params }) => listed(visit, caller, await ofAccount(visit, params.id)), {
      requires: 'admin',
      detail: { summary: 'List the voicemails of an account', ...answers(listOf(VoicemailSchema)) },
    })
    .post(
      '/',
      async ({ visit, caller, params }) => {
        const input = read(WantedSlot, visit.input)
        return json(slotWire(visit, await voicemails.createFor(visit, caller, idOf(params.id), input)), 201)
      },
      {
        requires: { role: 'admin', scopes: ['telephony'] },
        detail: {
          summary: 'Make a slot for a voicemail of an account',
          description:
            'What a voicemail server does when it takes a call; with the key of a super administrator for accounts of every Space. 422 without `errors` while the account has no e-mail address; 403 while its Space has no room.',
          ...accepts(WantedSlot),
          ...answers(SlotSchema, 201),
        },
      },
    )
    .get('/:uuid', async ({ visit, params }) => shown(visit, await ofAccount(visit, params.id), params.uuid), {
      requires: 'admin',
      detail: { summary: 'Read a voicemail of an account', ...answers(VoicemailSchema) },
    })
    .delete(
      '/:uuid',
      async ({ visit, params }) => removed(visit, (await ofAccount(visit, params.id)).account, params.uuid),
      { requires: 'admin', detail: { summary: 'Delete a voicemail of an account', ...answers(done()) } },
    )

  const mostBytes = config.UPLOAD_MAX_BYTES + FORM_BYTES
  const files = new Elysia({ prefix: '/api/files', tags: ['Voicemails'] }).use(auth).post(
    '/:uuid',
    async ({ request, visit, caller, params }) => {
      try {
        const receive: Receive = (begin) => receiveFile(request, mostBytes, begin)
        return json(wire(visit, await voicemails.deposit(visit, caller, params.uuid, receive)))
      } catch (error) {
        await skipBody(request, mostBytes)
        throw error
      }
    },
    {
      requires: { role: 'admin', scopes: ['telephony'], body: 'itself' },
      detail: {
        summary: 'Upload the file of a voicemail',
        description:
          'Once. The file itself must be what its slot is for: RIFF/WAVE, or Opus in Ogg; what its part or its name says of it is not looked at.',
        requestBody: {
          required: true,
          content: {
            'multipart/form-data': {
              schema: {
                type: 'object',
                properties: { file: { type: 'string', format: 'binary' } },
                required: ['file'],
              },
            },
          },
        },
        ...answers(VoicemailSchema),
        ...refuses(503),
      },
    },
  )

  return new Elysia().use(own).use(ofAny).use(files)
}

/** What a browser makes of a recording: it plays it, and takes it for nothing else. */
const AS_IT_IS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'sandbox',
  'cache-control': 'private, max-age=3600',
}

/** A person looks at the answer, and reads a refusal on a page. A player asks for sound. */
const isPerson = ({ headers }: Request) => /\btext\/html\b/i.test(headers.get('accept') ?? '')

/** What sessions tell of the browser that asks. */
interface SessionsOfLinks {
  find(request: Request, visit: Visit): Promise<Session | null>
  admit(visit: Visit, session: Session, role: Role): Caller
}

/** Links to the files of voicemails (behaviour/telephony.md §10), as the API and mails hand them out. */
export const fileLinksApi = (deps: { auth: Auth; pages: Pages; sessions: SessionsOfLinks; voicemails: Voicemails }) => {
  const { auth, pages, sessions, voicemails } = deps

  /** Who is signed in, where anybody is. A link needs nobody. */
  const callerOf = async (request: Request, visit: Visit): Promise<Caller | null> => {
    const session = visit.space.webPanel ? await sessions.find(request, visit) : null
    return session?.kind === 'panel' && !session.account.blocked ? sessions.admit(visit, session, 'account') : null
  }

  const send = async (
    request: Request,
    visit: Visit,
    { uuid, name }: { readonly uuid: string; readonly name: string },
    disposition: 'inline' | 'attachment',
  ): Promise<Response> => {
    const { expires = null, signature = null } = visit.input as Partial<Record<'expires' | 'signature', string | null>>
    const caller = await callerOf(request, visit)
    const { voicemail, file } = await voicemails.read(visit, caller, { uuid, name, expires, signature })
    const headers = {
      ...AS_IT_IS,
      'content-type': voicemail.contentType,
      // Of our own making: letters, digits, `.`, `_` and `-`.
      'content-disposition': `${disposition}; filename=${name}`,
    }
    return bytesReply(request, file, { head: visit.head, etag: `"${uuid}"`, headers })
  }

  const signed = {
    parameters: [
      {
        name: 'expires',
        in: 'query' as const,
        schema: { type: 'string' as const },
        description: 'As the link says it.',
      },
      {
        name: 'signature',
        in: 'query' as const,
        schema: { type: 'string' as const },
        description: 'As the link says it.',
      },
    ],
    ...refuses(410),
  }
  const whoMay =
    'With what the link says of itself, or as a browser in which the account or an administrator of its Space is signed in. `Range` is understood.'

  return new Elysia({ prefix: '/f', tags: ['Voicemails'] })
    .use(auth)
    .use(pages)
    .get('/:uuid/:name', ({ request, visit, params }) => send(request, visit, params, 'inline'), {
      open: true,
      people: isPerson,
      detail: { summary: 'Play a file', description: whoMay, ...signed, ...answers(VOICE_TYPES) },
    })
    .get('/:uuid/:name/download', ({ request, visit, params }) => send(request, visit, params, 'attachment'), {
      open: true,
      people: isPerson,
      detail: { summary: 'Download a file', description: whoMay, ...signed, ...answers(VOICE_TYPES) },
    })
}
