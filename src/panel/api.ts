import { Elysia } from 'elysia'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Auth } from '../http/auth.ts'
import { aboutPage } from './about-page.tsx'
import { assets } from './assets.ts'

/** What every page needs: the about page, and assets whose names change with their content, kept for ever. */
export const panelApi = ({ auth, config }: { auth: Auth; config: Config }) =>
  new Elysia()
    .use(auth)
    .get('/about', ({ visit }) => aboutPage(visit, config.BASE_PATH), { open: true })
    .get('/', () => new Response(null, { status: 302, headers: { location: `${config.BASE_PATH}/about` } }), {
      open: true,
    })
    .get(
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
