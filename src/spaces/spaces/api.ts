import { Elysia } from 'elysia'
import { invalid } from '../../errors.ts'
import type { Auth } from '../../http/auth.ts'
import { LARGE_BODY_BYTES, skipBody } from '../../http/body.ts'
import { accepts, read } from '../../http/input.ts'
import { answers, done, listOf } from '../../http/output.ts'
import { json } from '../../http/respond.ts'
import { receiveFile } from '../../http/upload.ts'
import type { Caller } from '../../nouns/caller.ts'
import type { Visit } from '../../nouns/visit.ts'
import { type Branding, MOST_SENT_BYTES, takePicture } from '../branding/branding.ts'
import type { SpaceAdministration } from './administration.ts'
import { ChangedNames, ChangedSpace, NewSpace, Republish } from './rules.ts'
import { SpaceSchema, spaceWire } from './wire.ts'

/** A multipart form with one file. */
const LOGO_FILE = {
  requestBody: {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          type: 'object' as const,
          properties: { logo: { type: 'string' as const, format: 'binary' } },
          required: ['logo'],
        },
      },
    },
  },
}

/** Spaces over REST, for super administrators (behaviour/spaces.md §1.3). */
export const spacesApi = (deps: { auth: Auth; branding: Branding; spaceAdministration: SpaceAdministration }) => {
  const { auth, branding, spaceAdministration } = deps
  const change = async (context: { visit: Visit; caller: Caller; params: { domain: string } }) => {
    const { visit, caller, params } = context
    const body = { rest: read(ChangedSpace, visit.input), names: read(ChangedNames, visit.input) }
    return json(spaceWire(await spaceAdministration.change(visit, caller, params.domain, body)))
  }
  const changing = {
    requires: { role: 'super', body: LARGE_BODY_BYTES },
    detail: {
      summary: 'Replace a Space',
      description:
        'By either method all of it: the names, the limits and every switch are required, and a text that is left out is cleared.',
      ...accepts(Republish),
      ...answers(SpaceSchema),
    },
  } as const
  return new Elysia({ prefix: '/api/spaces', tags: ['Spaces'] })
    .use(auth)
    .get('/', async () => json((await spaceAdministration.list()).map(spaceWire)), {
      // A SIP proxy asks for its domains.
      requires: { role: 'super', scopes: ['read', 'telephony'] },
      detail: { summary: 'List all Spaces', ...answers(listOf(SpaceSchema)) },
    })
    .post(
      '/',
      async ({ visit }) => json(spaceWire(await spaceAdministration.create(visit, read(NewSpace, visit.input))), 201),
      {
        requires: { role: 'super', body: LARGE_BODY_BYTES },
        detail: { summary: 'Create a Space', ...accepts(NewSpace), ...answers(SpaceSchema, 201) },
      },
    )
    .get('/:domain', async ({ params }) => json(spaceWire(await spaceAdministration.byDomain(params.domain))), {
      requires: 'super',
      detail: { summary: 'Read a Space', ...answers(SpaceSchema) },
    })
    .put('/:domain', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .patch('/:domain', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .delete(
      '/:domain',
      async ({ visit, caller, params }) => {
        await spaceAdministration.remove(visit, caller, params.domain)
        return json(1)
      },
      { requires: 'super', detail: { summary: 'Delete a Space and all its accounts at once', ...answers(done()) } },
    )
    .post(
      '/:domain/logo',
      async ({ request, visit, params }) => {
        try {
          const picture = await takePicture((begin) =>
            receiveFile(request, MOST_SENT_BYTES, begin, new Map(), { part: 'logo' }),
          )
          if (picture === null) throw invalid('logo', 'v.required')
          await branding.setLogo(visit, params.domain, picture)
        } catch (error) {
          await skipBody(request, MOST_SENT_BYTES)
          throw error
        }
        return json(spaceWire(await spaceAdministration.byDomain(params.domain)))
      },
      {
        requires: { role: 'super', body: 'itself' },
        detail: {
          summary: 'Give a Space a logo',
          description: 'A PNG of at most 2 MiB and 1024 pixels each way, not interlaced.',
          ...LOGO_FILE,
          ...answers(SpaceSchema),
        },
      },
    )
    .delete(
      '/:domain/logo',
      async ({ visit, params }) => {
        await branding.removeLogo(visit, params.domain)
        return json(spaceWire(await spaceAdministration.byDomain(params.domain)))
      },
      { requires: 'super', detail: { summary: 'Remove the logo of a Space', ...answers(SpaceSchema) } },
    )
    .post(
      '/:domain/deletion',
      async ({ visit, caller, params }) =>
        json(spaceWire(await spaceAdministration.close(visit, caller, params.domain))),
      {
        requires: 'super',
        detail: {
          summary: 'Close a Space, which is deleted in a week',
          description: 'Nobody gets into it any more, as if it had expired; `purge_at` says when it goes.',
          ...answers(SpaceSchema),
        },
      },
    )
    .delete(
      '/:domain/deletion',
      async ({ visit, params }) => json(spaceWire(await spaceAdministration.reopen(visit, params.domain))),
      {
        requires: 'super',
        detail: {
          summary: 'Keep a Space that was to be deleted',
          description: 'Refused with 409 once it is being deleted.',
          ...answers(SpaceSchema),
        },
      },
    )
}
