import { Elysia } from 'elysia'
import { AppError } from '../errors.ts'
import type { Auth } from '../http/auth.ts'
import { assets } from './assets.ts'

/** Style sheets and scripts: their names change with their content, so browsers keep them for ever. */
export const assetsApi = ({ auth }: { auth: Auth }) =>
  new Elysia().use(auth).get(
    '/assets/:name',
    ({ params }) => {
      const found = assets().find(({ path }) => path === `/assets/${params.name}`)
      if (found === undefined) throw new AppError('not_found', 'errors.not_found')
      return new Response(found.body, {
        headers: {
          'content-type': found.type,
          'cache-control': 'public, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
        },
      })
    },
    { open: true },
  )
