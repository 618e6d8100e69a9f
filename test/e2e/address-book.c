/* Configures itself from a URL as a phone does (liblinphone 5.1), and prints everybody in its address book. */

#include <linphone/core.h>
#include <stdio.h>
#include <unistd.h>

/* The list that provisioning names joins those of the phone once it is read. */
static int print_everybody(const LinphoneCore *core) {
  int printed = 0;
  for (const bctbx_list_t *list = linphone_core_get_friends_lists(core); list != NULL; list = list->next) {
    for (const bctbx_list_t *at = linphone_friend_list_get_friends(list->data); at != NULL; at = at->next) {
      const LinphoneAddress *address = linphone_friend_get_address(at->data);
      const char *user = address == NULL ? "nobody" : linphone_address_get_username(address);
      printf("contact: %s %s\n", user, linphone_friend_get_name(at->data));
      printed++;
    }
  }
  return printed;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  LinphoneCore *core = linphone_factory_create_core_3(linphone_factory_get(), NULL, NULL, NULL);
  linphone_core_set_provisioning_uri(core, argv[1]);
  linphone_core_start(core);
  int printed = 0;
  for (int turns = 0; turns < 1500 && printed == 0; turns++) {
    linphone_core_iterate(core);
    printed = print_everybody(core);
    usleep(20000);
  }
  return printed > 0 ? 0 : 1;
}
