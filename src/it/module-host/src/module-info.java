module acme.app {
    requires dev.kbmigrator;
}
