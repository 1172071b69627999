"""What happens in the folders of watched libraries becomes scans of just those folders."""
