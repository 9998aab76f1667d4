import WireFormats

/// Shapes of bodies and answers, by the names that routes use.
enum Schemas {
    /// `components` of the OpenAPI document.
    static let components: JSONValue = {
        do { return try JSONValue(parsing: text) } catch {
            preconditionFailure("the schemas are no JSON: \(error)")
        }
    }()

    private static let text = """
        {"schemas": {
          "Empty": {"type": "object", "additionalProperties": false},
          "Document": {"type": "object"},
          "Error": {"type": "object", "required": ["error"], "properties": {"error": {
            "type": "object", "required": ["code", "message", "status"], "properties": {
              "code": {"type": "integer"}, "message": {"type": "string"}, "status": {"type": "string"}}}}},
          "ErrorText": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}},
          "AnyError": {"anyOf": [
            {"$ref": "#/components/schemas/Error"}, {"$ref": "#/components/schemas/ErrorText"}]},
          "Labels": {"type": "object", "additionalProperties": {"type": "string"}},
          "Texts": {"type": "array", "items": {"type": "string"}},
          "Long": {"type": ["string", "integer"], "pattern": "^-?[0-9]+$"},
          "Model": {"type": "object", "additionalProperties": false, "properties": {
            "name": {"type": "string", "description": "Short when it is made: letters, digits, '_'."},
            "description": {"type": "string"}, "regions": {"$ref": "#/components/schemas/Texts"},
            "labels": {"$ref": "#/components/schemas/Labels"},
            "defaultVersion": {"$ref": "#/components/schemas/Version"},
            "onlinePredictionLogging": {"type": "boolean"},
            "onlinePredictionConsoleLogging": {"type": "boolean"}, "etag": {"type": "string"}}},
          "Version": {"type": "object", "additionalProperties": false, "properties": {
            "name": {"type": "string"}, "description": {"type": "string"},
            "deploymentUri": {"type": "string", "description": "A folder or a file: a path, gs:// or s3://."},
            "isDefault": {"type": "boolean"}, "state": {"type": "string"}, "errorMessage": {"type": "string"},
            "createTime": {"type": "string"}, "lastUseTime": {"type": "string"},
            "runtimeVersion": {"type": "string"}, "framework": {"type": "string"},
            "pythonVersion": {"type": "string"}, "machineType": {"type": "string"},
            "packageUris": {"$ref": "#/components/schemas/Texts"},
            "labels": {"$ref": "#/components/schemas/Labels"}, "predictionClass": {"type": "string"},
            "serviceAccount": {"type": "string"}, "etag": {"type": "string"},
            "autoScaling": {"type": "object", "properties": {
              "minNodes": {"type": "integer"}, "maxNodes": {"type": "integer"}}},
            "manualScaling": {"type": "object", "properties": {"nodes": {"type": "integer"}}},
            "acceleratorConfig": {"type": "object"}, "container": {"type": "object"},
            "routes": {"type": "object"}, "explanationConfig": {"type": "object"},
            "requestLoggingConfig": {"type": "object"}}},
          "Operation": {"type": "object", "required": ["name", "metadata"], "properties": {
            "name": {"type": "string"}, "metadata": {"type": "object"}, "done": {"type": "boolean"},
            "response": {"type": "object"}, "error": {"type": "object"}}},
          "Job": {"type": "object", "properties": {
            "jobId": {"type": "string"}, "labels": {"$ref": "#/components/schemas/Labels"},
            "etag": {"type": "string"}, "state": {"type": "string"}, "errorMessage": {"type": "string"},
            "createTime": {"type": "string"}, "startTime": {"type": "string"}, "endTime": {"type": "string"},
            "predictionInput": {"type": "object", "properties": {
              "dataFormat": {"type": "string", "enum": ["JSON", "TEXT", "TF_RECORD", "TF_RECORD_GZIP"]},
              "inputPaths": {"$ref": "#/components/schemas/Texts"}, "outputPath": {"type": "string"},
              "region": {"type": "string"}, "modelName": {"type": "string"}, "versionName": {"type": "string"},
              "uri": {"type": "string"}, "runtimeVersion": {"type": "string"},
              "batchSize": {"$ref": "#/components/schemas/Long"},
              "maxWorkerCount": {"$ref": "#/components/schemas/Long"}, "signatureName": {"type": "string"},
              "outputDataFormat": {"type": "string"}}},
            "trainingInput": {"type": "object", "properties": {
              "scaleTier": {"type": "string"}, "packageUris": {"$ref": "#/components/schemas/Texts"},
              "pythonModule": {"type": "string"}, "args": {"$ref": "#/components/schemas/Texts"},
              "region": {"type": "string"}, "jobDir": {"type": "string"}, "runtimeVersion": {"type": "string"},
              "pythonVersion": {"type": "string"}}},
            "predictionOutput": {"type": "object"}, "trainingOutput": {"type": "object"}}},
          "ModelList": {"type": "object", "properties": {"nextPageToken": {"type": "string"},
            "models": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}}}},
          "VersionList": {"type": "object", "properties": {"nextPageToken": {"type": "string"},
            "versions": {"type": "array", "items": {"$ref": "#/components/schemas/Version"}}}},
          "JobList": {"type": "object", "properties": {"nextPageToken": {"type": "string"},
            "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}}},
          "OperationList": {"type": "object", "properties": {"nextPageToken": {"type": "string"},
            "operations": {"type": "array", "items": {"$ref": "#/components/schemas/Operation"}}}},
          "Dataset": {"type": "object", "properties": {
            "name": {"type": "string"}, "timeZone": {"type": "string"}, "encryptionSpec": {"type": "object"}}},
          "DatasetList": {"type": "object", "properties": {"nextPageToken": {"type": "string"},
            "datasets": {"type": "array", "items": {"$ref": "#/components/schemas/Dataset"}}}},
          "DicomStore": {"type": "object", "properties": {
            "name": {"type": "string"}, "labels": {"$ref": "#/components/schemas/Labels"},
            "notificationConfig": {"type": "object"}, "streamConfigs": {"type": "array"}}},
          "DicomStoreList": {"type": "object", "properties": {"nextPageToken": {"type": "string"},
            "dicomStores": {"type": "array", "items": {"$ref": "#/components/schemas/DicomStore"}}}},
          "PredictRequest": {"type": "object", "properties": {
            "signature_name": {"type": "string"},
            "instances": {"type": "array", "minItems": 1,
              "description": "For each instance an object of its inputs, or the value of the only one."},
            "inputs": {"description": "An array for each input, in place of instances."},
            "extras": {"type": "array", "items": {"enum": ["probabilities", "labels", "heatmap", "embedding", "nearest", "card"]}}},
            "anyOf": [{"required": ["instances"]}, {"required": ["inputs"]}]},
          "PredictResponse": {"type": "object", "properties": {"predictions": {"type": "array"}, "outputs": {}}},
          "ExampleRequest": {"type": "object", "required": ["examples"], "additionalProperties": false,
            "properties": {"signature_name": {"type": "string"}, "context": {"type": "object"},
              "examples": {"type": "array", "minItems": 1, "items": {"type": "object"}}}},
          "InferenceRequest": {"type": "object", "required": ["inputs"], "additionalProperties": false,
            "properties": {"id": {"type": "string"}, "parameters": {"type": "object"},
              "inputs": {"type": "array", "minItems": 1, "items": {"type": "object",
                "required": ["name", "shape", "datatype"], "properties": {
                  "name": {"type": "string"}, "shape": {"type": "array", "items": {"type": "integer"}},
                  "datatype": {"enum": ["FP32", "FP64", "INT32", "INT64", "UINT8", "BOOL", "BYTES"]},
                  "parameters": {"type": "object"}, "data": {}}}},
              "outputs": {"type": "array", "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "parameters": {"type": "object"}}}}}}
        }}
        """
}
