import type { AdministeredSpace } from '../../nouns/space.ts'
import type { FormPage } from '../../panel/answers.tsx'
import { ButtonLink } from '../../panel/components/button.tsx'
import { Card, FieldGroup } from '../../panel/components/card.tsx'
import { CurrentPasswordField, OtherRefusals, Switch, TextField } from '../../panel/components/fields.tsx'
import { Version } from '../../panel/components/form.tsx'
import type { Kit } from '../../panel/kit.tsx'
import { ClosedNote, isClosed } from './closed.tsx'
import { type Administering, aboveOf, deletePathOf, SpaceTabs, spacePath } from './head.tsx'
import { ADMINISTRATION, factsOf } from './parts.ts'

export interface Ruling extends Administering {
  readonly space: AdministeredSpace
  readonly accounts: number
  readonly asksForCurrent: boolean
  /** Addresses are unique whatever this Space says. */
  readonly isUniqueAnyway: boolean
  /** Whoever looks lives in it. */
  readonly isOwn: boolean
}

const dayOf = (date: Date | null): string | undefined => date?.toISOString().slice(0, 10)

/** What super administrators decide about a Space (behaviour/panel.md §7.16). */
export const administrationPage = ({ t, language }: Kit, facts: Ruling): FormPage => {
  const { space, at, accounts, asksForCurrent, isUniqueAnyway, isOwn } = facts
  const to = spacePath(at, '/administration')
  return {
    title: t('space_admin.title'),
    above: aboveOf(t, facts),
    cards: true,
    to,
    address: to,
    button: t('space_admin.save'),
    before: (
      <>
        <SpaceTabs of={facts} rest="/administration" />
        <ClosedNote of={facts} />
      </>
    ),
    after:
      isOwn || isClosed(space) ? undefined : (
        <Card title={t('space_delete.card')} danger>
          <p>{t('space_delete.card_why')}</p>
          <div class="actions">
            <ButtonLink to={deletePathOf(at)} icon="trash" tone="danger">
              {t('space_delete.card_link')}
            </ButtonLink>
          </div>
        </Card>
      ),
    children: (
      <>
        <Version of={factsOf(space, ADMINISTRATION)} to={to} />
        <FieldGroup title={t('space_admin.who')} why={t('space_admin.who_why')} first>
          <TextField name="name" label={t('space_admin.name')} value={space.name} maxlength={255} />
        </FieldGroup>
        <FieldGroup title={t('space_admin.limits')} why={t('space_admin.limits_why')}>
          <TextField
            name="max_accounts"
            type="number"
            min={0}
            label={t('space_admin.max_accounts')}
            hint={t('space_admin.max_accounts_hint', { count: accounts, shown: accounts.toLocaleString(language) })}
            value={space.maxAccounts}
            class="short"
          />
          <TextField
            name="expire_at"
            type="date"
            class="date"
            label={t('space_admin.expire_at')}
            hint={t('space_admin.expire_at_hint')}
            value={dayOf(space.expireAt)}
            optional
          />
        </FieldGroup>
        <FieldGroup title={t('space_admin.rules')} why={t('space_admin.rules_why')}>
          <div>
            <Switch
              name="unique_email"
              label={t('space_admin.unique_email')}
              hint={t(isUniqueAnyway ? 'space_admin.unique_email_anyway' : 'space_admin.unique_email_hint')}
              checked={space.uniqueEmail}
            />
            <Switch
              name="carddav_user_credentials"
              label={t('space_admin.carddav')}
              hint={t('space_admin.carddav_hint')}
              checked={space.carddavUserCredentials}
            />
            <Switch
              name="client_certificate_authentication"
              label={t('space_admin.certificates')}
              hint={t('space_admin.certificates_hint')}
              checked={space.clientCertificateAuthentication}
            />
            <Switch
              name="web_panel"
              label={t('space_admin.web_panel')}
              hint={t('space_admin.web_panel_hint')}
              checked={space.webPanel}
            />
            <Switch
              name="super"
              label={t('space_admin.super')}
              hint={t('space_admin.super_hint')}
              checked={space.super}
            />
          </div>
          {['unique_email', 'web_panel', 'super'].map((name) => (
            <OtherRefusals name={name} />
          ))}
          {asksForCurrent ? <CurrentPasswordField depends hint={t('space_admin.prove')} /> : null}
        </FieldGroup>
      </>
    ),
  }
}
