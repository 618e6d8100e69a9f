import { type AnyElysia, Elysia } from 'elysia'
import { accountsApi, ownAccountApi, resolveApi } from './features/accounts/api.ts'
import { dictionaryApi } from './features/dictionary/api.ts'
import { pingApi } from './features/health/api.ts'
import { phoneCountriesApi } from './features/phone-countries/api.ts'
import { provisioningApi } from './features/provisioning/api.ts'
import { auth } from './http/auth.ts'
import { failures } from './http/failures.ts'
import type { Services } from './services.ts'

/** The whole HTTP surface. Which Space a request is for was settled before (`http/front.ts`). */
export const app = (services: Services): AnyElysia => {
  const deps = {
    ...services,
    auth: auth(services.authentication, { basePath: services.config.BASE_PATH, admitted: services.admitted }),
  }
  const surface: AnyElysia = new Elysia({ aot: true, normalize: false })
    .use(failures(services.log, () => surface))
    .use(pingApi(deps))
    .use(provisioningApi(deps))
    .use(ownAccountApi(deps))
    .use(accountsApi(deps))
    .use(dictionaryApi(deps))
    .use(resolveApi(deps))
    .use(phoneCountriesApi(deps))
  return surface
}
