import { type AnyElysia, Elysia } from 'elysia'
import { accountTokensApi } from './features/account-tokens/api.ts'
import { creationTokenPages } from './features/account-tokens/pages.tsx'
import { accountsApi, ownAccountApi, resolveApi } from './features/accounts/api.ts'
import { authTokensApi } from './features/auth-tokens/api.ts'
import { dictionaryApi } from './features/dictionary/api.ts'
import { pingApi } from './features/health/api.ts'
import { legacyApi } from './features/legacy/api.ts'
import { phoneCountriesApi } from './features/phone-countries/api.ts'
import { provisioningApi } from './features/provisioning/api.ts'
import { registrationApi } from './features/registration/api.ts'
import { spacesApi } from './features/spaces/api.ts'
import { auth } from './http/auth.ts'
import { failures } from './http/failures.ts'
import { panelApi } from './panel/api.ts'
import { errorPage } from './panel/error-page.tsx'
import { pages } from './panel/pages.ts'
import type { Services } from './services.ts'

/** The whole HTTP surface. Which Space a request is for was settled before (`http/front.ts`). */
export const app = (services: Services): AnyElysia => {
  const deps = {
    ...services,
    pages: pages({ basePath: services.config.BASE_PATH }),
    auth: auth(services.authentication, {
      basePath: services.config.BASE_PATH,
      admitted: services.admitted,
      limited: services.limits.api.points !== null,
    }),
  }
  const surface: AnyElysia = new Elysia({ aot: true, normalize: false })
    .use(
      failures(
        services.log,
        () => surface,
        (visit, status, message) => errorPage(visit, services.config.BASE_PATH, status, message),
      ),
    )
    .use(panelApi(deps))
    .use(pingApi(deps))
    .use(provisioningApi(deps))
    .use(accountTokensApi(deps))
    .use(creationTokenPages(deps))
    .use(registrationApi(deps))
    .use(authTokensApi(deps))
    .use(ownAccountApi(deps))
    .use(accountsApi(deps))
    .use(dictionaryApi(deps))
    .use(resolveApi(deps))
    .use(spacesApi(deps))
    .use(phoneCountriesApi(deps))
  // Switched off, the paths of 2021 do not exist (D8).
  return services.config.LEGACY_API ? surface.use(legacyApi(deps)) : surface
}
