import { Elysia } from 'elysia'
import type { Config } from '../config/config.ts'
import { AppError } from '../errors.ts'
import type { Auth } from '../http/auth.ts'
import { text } from '../http/respond.ts'
import { aboutPage } from './about-page.tsx'
import { assetAt } from './assets.ts'
import type { Pages } from './pages.ts'
import { LICENSES_PATH, licenseTexts, thirdPartyPage } from './third-party-page.tsx'

/** What anybody may find by searching; everything else is somebody's own. */
const FOR_EVERYBODY = ['/', '/about', '/api', '/provisioning/documentation']

const robots = (basePath: string): string =>
  ['User-agent: *', ...FOR_EVERYBODY.map((path) => `Allow: ${basePath}${path}$`), 'Disallow: /', ''].join('\n')

/** What every page needs: pages about this server, and assets whose names change with their content, kept for ever. */
export const panelApi = ({ auth, pages, config }: { auth: Auth; pages: Pages; config: Config }) =>
  new Elysia({ detail: { hide: true } })
    .use(auth)
    .use(pages)
    .get('/about', ({ show }) => show(aboutPage, config), { open: true, standing: true })
    .get('/third-party-components', ({ show }) => show(thirdPartyPage), {
      open: true,
      standing: true,
    })
    .get(LICENSES_PATH, () => text(licenseTexts()), { open: true })
    .get('/robots.txt', () => text(robots(config.BASE_PATH)), { open: true })
    .get(
      '/assets/:name',
      ({ params }) => {
        const found = assetAt(`/assets/${params.name}`)
        if (found === null) throw new AppError('not_found', 'errors.not_found')
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
