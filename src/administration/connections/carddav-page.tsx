import type { CarddavServer } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { More } from '../../panel/components/card.tsx'
import { Switch, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import { confirmPage } from '../../panel/confirm-page.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { carddavServerWire } from '../../spaces/carddav-servers/carddav-servers.ts'
import { type Administering, aboveOf, spacePath } from '../space/head.tsx'

const above = (t: Kit['t'], facts: Administering) =>
  [...aboveOf(t, facts), [t('integration.title'), spacePath(facts.at, '/integration')]] as const

/** What the form was made from. */
export const bookFactsOf = (server: CarddavServer) => {
  const { updated_at: _, ...facts } = carddavServerWire(server)
  return facts
}

/** An address book that the phones of a Space search in; `server` null: a new one (behaviour/panel.md §7.17). */
export const carddavPage = (
  { t, refused }: Kit,
  facts: Administering & { readonly server: CarddavServer | null },
): FormPage => {
  const { server, at } = facts
  const path = spacePath(at, '/carddavs')
  return {
    title: t(server === null ? 'carddav_server.add' : 'carddav_server.edit'),
    lede: t('carddav_server.lede'),
    above: above(t, facts),
    to: server === null ? path : `${path}/${server.id}`,
    address: server === null ? `${path}/create` : `${path}/${server.id}/edit`,
    button: t('carddav_server.save'),
    cancel: [t('panel.cancel'), spacePath(at, '/integration')],
    children: (
      <>
        {server === null ? null : <Version of={bookFactsOf(server)} to={`${path}/${server.id}/edit`} />}
        <TextField
          name="uri"
          type="url"
          label={t('carddav_server.uri')}
          hint={t('carddav_server.uri_hint')}
          value={server?.uri}
          maxlength={255}
        />
        <div>
          <Switch name="enabled" label={t('carddav_server.enabled')} checked={server?.enabled ?? true} />
          <Switch
            name="use_exact_match_policy"
            label={t('carddav_server.exact')}
            hint={t('carddav_server.exact_hint')}
            checked={server?.useExactMatchPolicy ?? false}
          />
        </div>
        <More title={t('carddav_server.more')} icon="sliders" open={[...refused.keys()].some((name) => name !== 'uri')}>
          <div class="pair">
            <TextField
              name="min_characters"
              type="number"
              min={1}
              label={t('carddav_server.min_characters')}
              value={server?.minCharacters ?? 3}
            />
            <TextField
              name="results_limit"
              type="number"
              min={0}
              label={t('carddav_server.results_limit')}
              hint={t('carddav_server.results_limit_hint')}
              value={server?.resultsLimit ?? 0}
            />
          </div>
          <div class="pair">
            <TextField
              name="timeout"
              type="number"
              min={1}
              label={t('carddav_server.timeout')}
              value={server?.timeout ?? 5}
            />
            <TextField
              name="delay"
              type="number"
              min={100}
              label={t('carddav_server.delay')}
              value={server?.delay ?? 500}
            />
          </div>
          <TextField
            name="fields_for_user_input"
            label={t('carddav_server.user_fields')}
            hint={t('carddav_server.fields_hint')}
            value={server?.fieldsForUserInput ?? undefined}
            optional
          />
          <TextField
            name="fields_for_domain"
            label={t('carddav_server.domain_fields')}
            value={server?.fieldsForDomain ?? undefined}
            optional
          />
        </More>
      </>
    ),
  }
}

export const removeCarddavPage = (
  { t }: Kit,
  facts: Administering & { readonly server: CarddavServer; readonly accounts: number },
): FormPage =>
  confirmPage({
    title: t('carddav_server.remove_title'),
    lede: facts.server.uri,
    above: above(t, facts),
    goes: [
      t('carddav_server.goes'),
      ...(facts.accounts === 0 ? [] : [t('carddav_server.goes_credentials', { count: facts.accounts })]),
    ],
    stays: [t('carddav_server.stays')],
    to: spacePath(facts.at, `/carddavs/${facts.server.id}/delete`),
    button: t('carddav_server.remove'),
    cancel: [t('carddav_server.keep'), spacePath(facts.at, '/integration')],
    address: spacePath(facts.at, `/carddavs/${facts.server.id}/delete`),
  })
