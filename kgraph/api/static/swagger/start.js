SwaggerUIBundle({ url: "/schema", dom_id: "#pages", deepLinking: true, tryItOutEnabled: true, validatorUrl: null });
