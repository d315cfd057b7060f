// The script of a webhook media type of Zabbix: posts the parameters (zabbix.json, and `tocsin`, the address) as they are.
var params = JSON.parse(value);
var address = params.tocsin;
delete params.tocsin;

var request = new HttpRequest();
request.addHeader('Content-Type: application/json');
request.post(address, JSON.stringify(params));

var status = request.getStatus();
if (status < 200 || status > 299) {
    throw 'Tocsin has answered ' + status;  // Zabbix tries again.
}
return 'OK';
