import { Elysia } from 'elysia'
import { AppError } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { skipBody } from '../../http/body.ts'
import { accepts, choice, flag, form, integer, optional, queried, read, text } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import { isoMoment } from '../../http/moment.ts'
import { answers, done, listOf, moment, object, orNull, record, refuses } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import { FORM_BYTES, receiveFile } from '../../http/upload.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { TaskSchema, taskWire } from '../../tasks/api.ts'
import type { Tasks } from '../../tasks/tasks.ts'
import { SOUGHT, SOUGHT_MEANINGS, soughtBy } from '../accounts/accounts.ts'
import { type AccountFiles, FORMATS, type Preview } from './account-files.ts'
import { download } from './download.ts'

/** What is to become of a file that was read. */
export const WantedImport = form({ skip_faulty: optional(flag()), send_mails: optional(flag()) })

export const WantedExportForm = form({ format: optional(choice(FORMATS)), hashes: optional(flag()), ...SOUGHT })

const ImportSchema = record('AccountImport', {
  id: text(),
  file: text(),
  accounts: integer(0),
  administrators: integer(0),
  faulty: integer(0),
  faults: listOf(object({ line: integer(1), column: text(), value: orNull(text()), reason: text() })),
  unknown_columns: orNull(text()),
  room: orNull(integer(0)),
  created_at: moment(),
})

const ExportedSchema = record('ExportedAccount', {
  username: text(),
  role: text(),
  status: text(),
  phone: orNull(text()),
  email: orNull(text()),
  external_username: orNull(text()),
  external_domain: orNull(text()),
  external_realm: orNull(text()),
  external_registrar: orNull(text()),
  external_outbound_proxy: orNull(text()),
  external_protocol: orNull(text()),
  display_name: orNull(text()),
  contacts_list: listOf(text()),
  ha1_sha256: optional(orNull(text())),
  ha1_md5: optional(orNull(text())),
  external_ha1_sha256: optional(orNull(text())),
  external_ha1_md5: optional(orNull(text())),
})

const importWire = ({ found, faults, room }: Preview) => ({
  id: found.name,
  file: found.file,
  accounts: found.accounts,
  administrators: found.administrators,
  faulty: found.faulty,
  faults: faults.map(({ shown, ...fault }) => ({ ...fault, value: shown })),
  unknown_columns: found.unknownColumns,
  room,
  created_at: isoMoment(found.createdAt),
})

const UPLOAD = {
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object' as const,
          properties: { file: { type: 'string' as const, format: 'binary' } },
          required: ['file'],
        },
      },
    },
  },
}

/** Accounts as files (behaviour/accounts.md §9). */
export const accountFilesApi = (deps: {
  auth: Auth
  accountFiles: AccountFiles
  tasks: Tasks
  longReplies: LongReplies
}) => {
  const { auth, accountFiles, tasks, longReplies } = deps
  const most = accountFiles.limits.bytes + FORM_BYTES
  const shown = async (visit: Visit, caller: Caller, name: string, status?: 201) =>
    json(importWire(await accountFiles.preview(visit, caller, name)), status)

  return new Elysia({ prefix: '/api', tags: ['Accounts'] })
    .use(auth)
    .post(
      '/account_imports',
      async ({ request, visit, caller }) => {
        try {
          const name = await accountFiles.stage(
            async () => visit,
            caller,
            (begin) => receiveFile(request, most, begin),
          )
          return await shown(visit, caller, name, 201)
        } catch (error) {
          await skipBody(request, most)
          throw error
        }
      },
      {
        requires: { role: 'admin', body: 'itself' },
        detail: {
          summary: 'Upload a file of accounts',
          description: `CSV or JSON, at most ${accountFiles.limits.rows} accounts. It is read and checked, and waits an hour for its import; nothing of it is an account yet. \`faults\` are those of the first 100 lines that have any.`,
          ...UPLOAD,
          ...answers(ImportSchema, 201),
        },
      },
    )
    .get('/account_imports/:import', async ({ visit, caller, params }) => shown(visit, caller, params.import), {
      requires: 'admin',
      detail: {
        summary: 'Read what an uploaded file of accounts says',
        description: 'For whoever uploaded it.',
        ...answers(ImportSchema),
      },
    })
    .get(
      '/account_imports/:import/faults',
      async ({ visit, caller, params }) => {
        const found = await accountFiles.find(caller, params.import)
        const pieces = accountFiles.report(visit.language, found)
        return longReplies.send(caller, pieces, download('csv', 'faults'))
      },
      {
        requires: 'admin',
        detail: { summary: 'Download every fault of an uploaded file of accounts', ...answers('text/csv') },
      },
    )
    .post(
      '/account_imports/:import',
      async ({ visit, caller, params }) => {
        const wanted = read(WantedImport, visit.input).settle()
        const choices = { skipFaulty: wanted.skip_faulty === true, mails: wanted.send_mails === true }
        const id = await accountFiles.begin(visit, caller, params.import, choices)
        return json(taskWire(visit.language, await tasks.one({ space: visit.space }, id), []), 201)
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Import an uploaded file of accounts',
          description:
            'As a task, all of it or nothing. `skip_faulty`: without the lines that have faults; otherwise such a file is refused. `send_mails`: a set-up link to every address.',
          ...accepts(WantedImport),
          ...answers(TaskSchema, 201),
          ...refuses(409),
        },
      },
    )
    .delete(
      '/account_imports/:import',
      async ({ caller, params }) => {
        await accountFiles.discard(caller, params.import)
        return json(1)
      },
      {
        requires: 'admin',
        detail: { summary: 'Discard an uploaded file of accounts', ...answers(done()), ...refuses(409) },
      },
    )
    .get(
      '/accounts/export',
      async ({ visit, caller }) => {
        const { format: asked, hashes: isWithHashes, ...kept } = read(WantedExportForm, visit.input).settle()
        const [format, hashes] = [asked ?? 'json', isWithHashes === true]
        const isAll = Object.values(kept).every((value) => value === null)
        const wanted = { format, hashes, ...(isAll ? {} : { sought: soughtBy(kept) }) }
        // Whoever signs a request has the password at hand; a key may lie anywhere.
        if (hashes && caller.via !== 'digest') throw new AppError('forbidden', 'export.digest_only')
        return longReplies.send(caller, accountFiles.export(visit, wanted), download(format, 'accounts'))
      },
      {
        requires: 'admin',
        detail: {
          summary: 'Export accounts',
          description: 'In the columns of an import, without passwords: all of the Space, or those that are sought.',
          parameters: queried(WantedExportForm, {
            format: '`json`, or `csv`.',
            hashes: 'With HA1 values, which are as good as passwords: by DIGEST alone.',
            ...SOUGHT_MEANINGS,
          }),
          responses: {
            200: {
              description: 'Done.',
              content: { 'application/json': { schema: listOf(ExportedSchema) as never }, 'text/csv': {} },
            },
          },
        },
      },
    )
}
