import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { accepts, read } from '../../http/input.ts'
import { json } from '../../http/respond.ts'
import type { Visit } from '../../http/visit.ts'
import type { Caller } from '../authentication/caller.ts'
import type { SpaceAdministration } from './administration.ts'
import { ChangedNames, ChangedSpace, NewSpace, Republish } from './rules.ts'
import { spaceWire } from './wire.ts'

/** spec spaces.md §1.4 */
export const spacesApi = (deps: { auth: Auth; spaceAdministration: SpaceAdministration }) => {
  const { auth, spaceAdministration } = deps
  const change = async (context: { visit: Visit; caller: Caller; params: { domain: string } }) => {
    const { visit, caller, params } = context
    const body = { rest: read(ChangedSpace, visit.input), names: read(ChangedNames, visit.input) }
    return json(spaceWire(await spaceAdministration.change(visit, caller, params.domain, body)))
  }
  const changing = { requires: 'super', detail: accepts(Republish) } as const
  return new Elysia({ prefix: '/api/spaces' })
    .use(auth)
    .get('/', async () => json((await spaceAdministration.list()).map(spaceWire)), { requires: 'super' })
    .post(
      '/',
      async ({ visit }) => json(spaceWire(await spaceAdministration.create(visit, read(NewSpace, visit.input))), 201),
      { requires: 'super', detail: accepts(NewSpace) },
    )
    .get('/:domain', async ({ params }) => json(spaceWire(await spaceAdministration.byDomain(params.domain))), {
      requires: 'super',
    })
    .put('/:domain', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .patch('/:domain', ({ visit, caller, params }) => change({ visit, caller, params }), changing)
    .delete(
      '/:domain',
      async ({ visit, caller, params }) => {
        await spaceAdministration.remove(visit, caller, params.domain)
        return json(1)
      },
      { requires: 'super' },
    )
}
