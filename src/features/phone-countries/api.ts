import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth.ts'
import { json } from '../../http/respond.ts'
import type { PhoneCountries } from './phone-countries.ts'

export const phoneCountriesApi = ({ auth, phoneCountries }: { auth: Auth; phoneCountries: PhoneCountries }) =>
  new Elysia({ prefix: '/api/phone_countries' })
    .use(auth)
    .get(
      '/',
      async () =>
        json(
          (await phoneCountries.list()).map(({ code, countryCode, activated }) => ({
            code,
            country_code: countryCode,
            activated,
          })),
        ),
      { open: true },
    )
    .post('/:code/activate', async ({ params }) => json(await phoneCountries.activate(params.code)), {
      requires: 'super',
    })
    .post('/:code/deactivate', async ({ params }) => json(await phoneCountries.deactivate(params.code)), {
      requires: 'super',
    })
