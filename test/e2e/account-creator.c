/* Asks for a creation token as the assistant of a phone does (liblinphone 5.1), and prints what came back. */

#include <linphone/core.h>
#include <stdio.h>
#include <unistd.h>

/* Exported, and in no header. */
LinphoneAccountCreatorStatus linphone_account_creator_send_token_flexiapi(LinphoneAccountCreator *creator);

static int answered = 0;

static void on_answer(LinphoneAccountCreator *creator, LinphoneAccountCreatorStatus status, const char *response) {
  (void)creator;
  (void)response;
  printf("answered: %s\n", status == LinphoneAccountCreatorStatusRequestOk ? "ok" : "refused");
  answered = 1;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  LinphoneFactory *factory = linphone_factory_get();
  LinphoneCore *core = linphone_factory_create_core_3(factory, NULL, NULL, NULL);
  linphone_core_set_account_creator_backend(core, LinphoneAccountCreatorBackendFlexiAPI);
  linphone_core_set_account_creator_url(core, argv[1]);
  linphone_core_start(core);
  LinphoneAccountCreator *creator = linphone_core_create_account_creator(core, argv[1]);
  LinphoneAccountCreatorCbs *callbacks = linphone_factory_create_account_creator_cbs(factory);
  linphone_account_creator_cbs_set_send_token(callbacks, on_answer);
  linphone_account_creator_add_callbacks(creator, callbacks);
  linphone_account_creator_set_pn_provider(creator, "fcm");
  linphone_account_creator_set_pn_param(creator, "project");
  linphone_account_creator_set_pn_prid(creator, "device");
  linphone_account_creator_send_token_flexiapi(creator);
  for (int turns = 0; turns < 500 && !answered; turns++) {
    linphone_core_iterate(core);
    usleep(20000);
  }
  return answered ? 0 : 1;
}
