# Installs what is beside it: nothing yet.
